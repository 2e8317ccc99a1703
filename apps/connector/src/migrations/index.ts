import { Journal1700000000001 } from './0001-journal.js';
import { Receipted1700000000002 } from './0002-receipted.js';
import { Opening1700000000003 } from './0003-opening.js';
import { Notices1700000000004 } from './0004-notices.js';
import { Dispute1700000000005 } from './0005-dispute.js';
import { DisputeCursor1700000000006 } from './0006-dispute-cursor.js';
import { Quota1700000000007 } from './0007-quota.js';

/** This app's tables, in order. */
export const connectorMigrations = [
  Journal1700000000001,
  Receipted1700000000002,
  Opening1700000000003,
  Notices1700000000004,
  Dispute1700000000005,
  DisputeCursor1700000000006,
  Quota1700000000007,
];
