import { Feedback1800000000001 } from './0001-feedback.js';
import { Repeated1800000000007 } from './0007-repeated.js';

/** In order; never changed once released. */
export const migrations = [Feedback1800000000001, Repeated1800000000007];
