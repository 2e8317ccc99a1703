import type { OwnerAct } from '#corrections';
import { toBase64Url } from '#kernel';
import { spelled } from '#signing';
import { placeKey, type ProvenLeaves } from '../../access-history/proven-leaves.service.js';
import type { Caller } from '../../caller/caller-auth.service.js';
import type { PersonKeys } from '../../key-store/person-keys.store.js';
import { epochTagKey } from '../../key-store/tag.js';
import type { OwnStatements } from '../../statements/own-statements.service.js';
import type { CaseStore } from '../case.store.js';
import { correctionErrors } from '../corrections.errors.js';
import { openSubject } from '../kept-subject.js';
import type { PersonCases } from '../person-cases.service.js';
import { VERIFYING } from './verifying.js';

export interface EvidencesParts {
  readonly store: Pick<CaseStore, 'steps'>;
  readonly persons: Pick<PersonCases, 'one'>;
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly statements: Pick<OwnStatements, 'places'>;
  readonly proofs: Pick<ProvenLeaves, 'find'>;
}

/** A transition as the log holds it. */
export interface EvidenceStep {
  readonly seq: number;
  /** The leaf's bytes: a compact JWS. */
  readonly statement: string;
  /** Leaf hash, base64url. */
  readonly leaf: string;
  readonly log: string;
  readonly index: number;
  /** C2SP tlog-proof, with the checkpoint inside. */
  readonly proof: string;
  /** What the owner said, whose salted digest is the statement's `doc`. */
  readonly act?: OwnerAct;
}

export interface CaseEvidence {
  readonly format: 'kerege-correction-evidence/v1';
  readonly correctionId: string;
  readonly publicNumber: string;
  readonly steps: readonly EvidenceStep[];
  /** What opens the commitment of the first step: that the case is about this person. */
  readonly opening: { readonly subject: string; readonly r: string };
  /** How to check it without believing feedback. */
  readonly verifying: readonly string[];
}

/**
 * A case for whoever believes nobody (`corrections.md` §10): nothing of it is feedback's word. What cannot be proven now
 * is not handed out as if it were, so an audit service that is silent is told.
 */
export class Evidences {
  constructor(private readonly parts: EvidencesParts) {}

  async of(caller: Caller, id: string): Promise<CaseEvidence> {
    const { store, persons, keys } = this.parts;
    const { record, person, subjectEnc, details } = await persons.one(caller, id);
    const key = (await keys.find([person])).get(epochTagKey(person));
    const subject = key === undefined ? undefined : openSubject(key, id, subjectEnc);
    // Erased between the two looks.
    if (subject === undefined) throw correctionErrors.error('case-unknown');
    const steps = await this.proven(await store.steps(id), details.acts ?? {});
    return {
      format: 'kerege-correction-evidence/v1',
      ...{ correctionId: id, publicNumber: record.publicNumber, steps },
      opening: { subject: spelled(subject), r: subject.r },
      verifying: VERIFYING,
    };
  }

  private async proven(
    steps: Awaited<ReturnType<CaseStore['steps']>>,
    acts: Readonly<Record<string, OwnerAct>>,
  ): Promise<EvidenceStep[]> {
    const { statements, proofs } = this.parts;
    const places = await statements.places(steps.map(({ leafHash }) => leafHash));
    const found = await proofs.find([...places.values()]).catch((cause: unknown) => {
      throw correctionErrors.error('evidence-unproven', { cause });
    });
    return steps.map(({ seq, leafHash }) => {
      const place = places.get(leafHash.toString('hex'));
      const proven = place && found.get(placeKey(place));
      if (place === undefined || proven === undefined) throw correctionErrors.error('evidence-unproven');
      const act = acts[seq];
      const { statement, proof } = proven;
      return { seq, statement, leaf: toBase64Url(leafHash), ...place, proof, ...(act === undefined ? {} : { act }) };
    });
  }
}
