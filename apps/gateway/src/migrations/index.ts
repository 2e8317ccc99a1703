import { Exchange1700000000001 } from './0001-exchange.js';

/** In order. */
export const gatewayMigrations = [Exchange1700000000001];
