import { reveal, type CaseRecipient, type RecipientsList, type RevealedRecipient } from '#corrections';
import { toBase64Url } from '#kernel';
import { parseStatement } from '#signing';
import type { Caller } from '../caller/caller-auth.service.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import type { CaseStore } from './case.store.js';
import type { KeptCase } from './kept-case.js';
import { openSubject } from './kept-subject.js';
import { TELLING } from './notice-id.js';
import type { PersonCases } from './person-cases.service.js';
import type { SeenExchanges } from './seen-exchange.store.js';
import { openList } from './telling.service.js';

/** A member that was told, with what proves that it stands in the list under `root`. */
export interface ShownRecipient extends Omit<CaseRecipient, 'ackAtMs'> {
  readonly ackAt?: string;
  /** base64url, as all of the proof. */
  readonly salt: string;
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
}

export interface ShownRecipients {
  /** `doc` of the statement that has this leaf hash; absent while nobody was told. */
  readonly root?: string;
  readonly leaf?: string;
  /** Where it stands; absent while it is on its way there. */
  readonly place?: { readonly log: string; readonly index: number };
  readonly recipients: readonly ShownRecipient[];
}

export interface PersonRecipientsParts {
  readonly cases: Pick<PersonCases, 'one'>;
  readonly store: Pick<CaseStore, 'listOf' | 'steps'>;
  readonly keys: Pick<PersonKeys, 'find' | 'epochs'>;
  readonly exchanges: Pick<SeenExchanges, 'shown'>;
  readonly statements: Pick<OwnStatements, 'places' | 'kept'>;
}

/**
 * Who was told, for the person: each entry with its proof, so that the list cannot be another for them than for the log.
 * A member that read under an order of concealment is not among them before the order's date, nor does the list say that
 * there is one (E38): it shows what the history of accesses shows, and padding hides the number.
 */
export class PersonRecipients {
  constructor(private readonly parts: PersonRecipientsParts) {}

  async of(caller: Caller, id: string): Promise<ShownRecipients> {
    const { cases, store, keys, exchanges } = this.parts;
    const kept = await cases.one(caller, id);
    const key = (await keys.find([kept.person])).get(epochTagKey(kept.person));
    const sealed = await store.listOf(id);
    const list = key === undefined || sealed === undefined ? undefined : openList(key, id, sealed);
    const subject = key === undefined ? undefined : openSubject(key, id, kept.subjectEnc);
    if (list === undefined || subject === undefined) return { recipients: [] };
    const named = list.places.flatMap(({ recipient }) => recipient?.lastExchangeId ?? []);
    const shown = await exchanges.shown(tagsOf(subject, await keys.epochs()), named);
    const revealed = reveal(list, ({ lastExchangeId }) => shown.has(lastExchangeId));
    return { root: list.root, ...(await this.standingOf(kept, list)), recipients: revealed.map(shownRecipient) };
  }

  /** The list is kept when its statement is made: it may be on its way still. */
  private async standingOf(
    { id, pending }: KeptCase,
    { root }: RecipientsList,
  ): Promise<Omit<ShownRecipients, 'recipients'>> {
    const { store, statements } = this.parts;
    const steps = (await store.steps(id)).map(({ leafHash, type }) => ({ leaf: leafHash, type }));
    const leaves = [...steps, ...(pending === undefined ? [] : [pending])]
      .filter(({ type }) => TELLING.has(type) || type === 'correction.closed')
      .map(({ leaf }) => leaf);
    const leaf = (await statements.kept(leaves)).find(({ jws }) => docOf(jws) === root)?.leafHash;
    if (leaf === undefined) return {};
    const place = (await statements.places([leaf])).get(leaf.toString('hex'));
    return { leaf: toBase64Url(leaf), ...(place === undefined ? {} : { place }) };
  }
}

function docOf(jws: string): string | undefined {
  const parsed = parseStatement(jws);
  return parsed.ok && 'doc' in parsed.value.payload ? parsed.value.payload.doc : undefined;
}

function shownRecipient({ salt, recipient, index, size, path }: RevealedRecipient): ShownRecipient {
  // What is revealed has an entry: padding never is.
  const { ackAtMs, ...said } = recipient as CaseRecipient;
  return {
    ...said,
    ...(ackAtMs === undefined ? {} : { ackAt: new Date(ackAtMs).toISOString() }),
    ...{ salt: toBase64Url(salt), index, size, path: path.map(toBase64Url) },
  };
}
