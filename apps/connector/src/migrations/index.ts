import { Journal1700000000001 } from './0001-journal.js';

/** This app's tables, in order. */
export const connectorMigrations = [Journal1700000000001];
