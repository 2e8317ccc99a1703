import { Registry1800000000001 } from './0001-registry.js';

/** In order; never changed once released. */
export const migrations = [Registry1800000000001];
