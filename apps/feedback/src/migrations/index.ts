import { Feedback1800000000001 } from './0001-feedback.js';
import { Deliveries1800000000003 } from './0003-deliveries.js';

/** In order; never changed once released. */
export const migrations = [Feedback1800000000001, Deliveries1800000000003];
