import { Feedback1800000000001 } from './0001-feedback.js';
import { OwnStatements1800000000002 } from './0002-own-statements.js';
import { ConcealmentAndLinks1800000000006 } from './0006-concealment-and-links.js';

/** In order; never changed once released. */
export const migrations = [Feedback1800000000001, OwnStatements1800000000002, ConcealmentAndLinks1800000000006];
