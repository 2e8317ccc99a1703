import { FeedbackKeys1800000000001 } from './0001-keys.js';

/** In order; never changed once released. */
export const keyMigrations = [FeedbackKeys1800000000001];
