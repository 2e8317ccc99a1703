import { Feedback1800000000001 } from './0001-feedback.js';

/** In order; never changed once released. */
export const migrations = [Feedback1800000000001];
