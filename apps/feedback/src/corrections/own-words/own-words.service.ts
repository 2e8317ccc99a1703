import type { OwnerAct } from '#corrections';
import type { Caller } from '../../caller/caller-auth.service.js';
import type { OwnStatements } from '../../statements/own-statements.service.js';
import type { CaseStore } from '../case.store.js';
import type { PersonCases } from '../person-cases.service.js';
import type { OwnWordsStore } from './own-words.store.js';

export interface OwnWordsParts {
  readonly store: Pick<CaseStore, 'steps'>;
  readonly words: OwnWordsStore;
  readonly persons: Pick<PersonCases, 'one'>;
  readonly statements: Pick<OwnStatements, 'kept'>;
}

/** What only the portal opens, with all by which it can tell that the owner has said it and nobody else. */
export interface ShownWords {
  readonly seq: number;
  /** The owner's, as it stands in the log: a compact JWS. */
  readonly statement: string;
  /** Whose salted digest is the statement's `doc`; it has the digest of the words. */
  readonly act: OwnerAct;
  readonly content: { readonly id: string; /** base64url. */ readonly sealed: string };
}

/** Own words of owners for the gateway of the portal; feedback cannot read them. */
export class OwnWords {
  constructor(private readonly parts: OwnWordsParts) {}

  async of(caller: Caller, id: string): Promise<{ words: ShownWords[] }> {
    const { store, words, persons, statements } = this.parts;
    const { details } = await persons.one(caller, id);
    const found = await words.ofCase(id);
    if (found.length === 0) return { words: [] };
    const leaves = new Map((await store.steps(id)).map(({ seq, leafHash }) => [seq, leafHash]));
    const kept = await statements.kept(found.flatMap(({ seq }) => leaves.get(seq) ?? []));
    const said = new Map(kept.map(({ jws, leafHash }) => [leafHash.toString('hex'), jws]));
    const shown = found.flatMap(({ seq, contentId, sealed }): ShownWords[] => {
      const statement = said.get(leaves.get(seq)?.toString('hex') ?? '');
      const act = details.acts?.[seq];
      const content = { id: contentId, sealed: sealed.toString('base64url') };
      return statement === undefined || act === undefined ? [] : [{ seq, statement, act, content }];
    });
    return { words: shown };
  }
}
