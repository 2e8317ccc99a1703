import { everyByteOfToken } from './changed-token.js';

everyByteOfToken('ec');
