import { AppError, type ErrorEntry } from '#kernel';
import { signingErrors } from '#signing';
import { compositionErrors } from '../composition/composition.errors.js';
import { consumerAuthErrors } from '../consumer-auth/consumer-auth.errors.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { metaserviceErrors } from '../metaservices/metaservices.errors.js';
import { endUserErrors } from '../rights/end-user.errors.js';
import { linkErrors } from '../rights/link.errors.js';
import { rightsErrors } from '../rights/rights.errors.js';
import { edgeErrors } from './edge.errors.js';
import { outcomeErrors } from './outcome.errors.js';

const ENTRIES: Readonly<Record<string, ErrorEntry>> = {
  ...consumerAuthErrors.entries,
  ...edgeErrors.entries,
  ...rightsErrors.entries,
  ...endUserErrors.entries,
  ...linkErrors.entries,
  ...metaserviceErrors.entries,
  ...outcomeErrors.entries,
  ...exchangeErrors.entries,
  'signer-unavailable': signingErrors.entries['signer-unavailable'],
  ...compositionErrors.entries,
};

/** A code that no catalogue knows is a fault of ours; it still gets out under its own name. */
const UNKNOWN: ErrorEntry = {
  kind: 'broken',
  message: 'Something went wrong on our side.',
  next: 'Try again later; if it stays, give the operator the exchange id.',
};

/** The catalogue entry of a code that an exchange ended with. */
export function errorEntryOf(code: string): ErrorEntry {
  return Object.hasOwn(ENTRIES, code) ? (ENTRIES[code] ?? UNKNOWN) : UNKNOWN;
}

/** The error of such a code, as it is told. */
export function errorOf(code: string): AppError {
  return new AppError(code, errorEntryOf(code));
}
