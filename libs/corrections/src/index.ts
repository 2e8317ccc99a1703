export { CLOCKS, type ClockCommand, type ClockKind } from './clock-command.js';
