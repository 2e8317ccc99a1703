import { everyByteOfToken } from './changed-token.js';

everyByteOfToken('rsa');
