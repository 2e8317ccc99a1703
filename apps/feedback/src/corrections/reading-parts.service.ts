import type { ProvenLeaves } from '../access-history/proven-leaves.service.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import type { CaseStore } from './case.store.js';
import type { Cases } from './cases.service.js';
import { Evidences } from './evidence/evidences.service.js';
import { Letters } from './letters/letters.service.js';
import type { PersonCases } from './person-cases.service.js';

export interface ReadingContext {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly persons: PersonCases;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  readonly proofs: ProvenLeaves;
}

export interface ReadingParts {
  readonly store: CaseStore;
  readonly letters: Letters;
  readonly evidences: Evidences;
}

/** What is read of cases by those who do not decide them. */
export function assembleReading({ store, cases, persons, keys, statements, proofs }: ReadingContext): ReadingParts {
  return {
    store,
    letters: new Letters({ store, cases, persons }),
    evidences: new Evidences({ store, persons, keys, statements, proofs }),
  };
}
