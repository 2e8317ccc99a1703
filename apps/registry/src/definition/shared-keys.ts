import type { MemberDocument } from '#snapshot';

export interface SharedKey {
  readonly kid: string;
  /** The second owner, in the order of the documents. */
  readonly owner: string;
  readonly first: string;
}

/**
 * Keys that two owners publish, whatever for. A signature must say whose it is; with one key for two, either could pass
 * off the other's statements as its own.
 */
export function sharedKeys(documents: readonly Pick<MemberDocument, 'subsystems' | 'instances'>[]): SharedKey[] {
  const owners = new Map<string, string>();
  const shared: SharedKey[] = [];
  for (const { subsystems, instances } of documents)
    for (const { id, keys } of [...subsystems, ...instances])
      for (const { kid } of keys) {
        const first = owners.get(kid);
        if (first === undefined) owners.set(kid, id);
        else if (first !== id) shared.push({ kid, owner: id, first });
      }
  return shared;
}
