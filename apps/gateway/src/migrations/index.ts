import { Exchange1700000000001 } from './0001-exchange.js';
import { CorrectionFiling1700000000002 } from './0002-correction-filing.js';
import { VerifiedFiling1700000000003 } from './0003-verified-filing.js';
import { ClientAssertion1700000000004 } from './0004-client-assertion.js';

/** In order. */
export const gatewayMigrations = [
  Exchange1700000000001,
  CorrectionFiling1700000000002,
  VerifiedFiling1700000000003,
  ClientAssertion1700000000004,
];
