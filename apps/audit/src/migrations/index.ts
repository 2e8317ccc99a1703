import { Log1795300000001 } from './0001-log.js';

/** In the order in which they run. */
export const migrations = [Log1795300000001];
