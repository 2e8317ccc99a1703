import { Feedback1800000000001 } from './0001-feedback.js';
import { Questions1800000000004 } from './0004-questions.js';

/** In order; never changed once released. */
export const migrations = [Feedback1800000000001, Questions1800000000004];
