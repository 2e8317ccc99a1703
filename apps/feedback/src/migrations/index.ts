import { Feedback1800000000001 } from './0001-feedback.js';
import { OwnStatements1800000000002 } from './0002-own-statements.js';
import { Deliveries1800000000003 } from './0003-deliveries.js';
import { Questions1800000000004 } from './0004-questions.js';
import { Erasure1800000000005 } from './0005-erasure.js';
import { ConcealmentAndLinks1800000000006 } from './0006-concealment-and-links.js';
import { Repeated1800000000007 } from './0007-repeated.js';
import { Unopened1800000000008 } from './0008-unopened.js';
import { Corrections1800000000009 } from './0009-corrections.js';
import { Recipients1800000000010 } from './0010-recipients.js';
import { CaseOversight1800000000011 } from './0011-case-oversight.js';
import { Notifications1800000000012 } from './0012-notifications.js';
import { ExchangeKinds1800000000013 } from './0013-exchange-kinds.js';
import { CaseSuccession1800000000014 } from './0014-case-succession.js';
import { OwnWords1800000000015 } from './0015-own-words.js';
import { DeliveryLanes1800000000016 } from './0016-delivery-lanes.js';

/** In order; never changed once released. */
export const migrations = [
  Feedback1800000000001,
  OwnStatements1800000000002,
  Deliveries1800000000003,
  Questions1800000000004,
  Erasure1800000000005,
  ConcealmentAndLinks1800000000006,
  Repeated1800000000007,
  Unopened1800000000008,
  Corrections1800000000009,
  Recipients1800000000010,
  CaseOversight1800000000011,
  Notifications1800000000012,
  ExchangeKinds1800000000013,
  CaseSuccession1800000000014,
  OwnWords1800000000015,
  DeliveryLanes1800000000016,
];
