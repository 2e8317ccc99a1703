import { FeedbackKeys1800000000001 } from './0001-keys.js';
import { DoomedKeys1800000000002 } from './0002-doomed.js';

/** In order; never changed once released. */
export const keyMigrations = [FeedbackKeys1800000000001, DoomedKeys1800000000002];
