export { logWatchErrors } from './log-watch.errors.js';
export { witnessPolicy } from './witness-policy.service.js';
