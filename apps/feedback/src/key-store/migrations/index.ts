import { FeedbackKeys1800000000001 } from './0001-keys.js';
import { DoomedKeys1800000000002 } from './0002-doomed.js';
import { ErasureMarks1800000000003 } from './0003-marks.js';

/** In order; never changed once released. */
export const keyMigrations = [FeedbackKeys1800000000001, DoomedKeys1800000000002, ErasureMarks1800000000003];
