import type { MemberDocument } from '#snapshot';

export interface SharedKey {
  readonly kid: string;
  /** The second owner, in the order of the documents. */
  readonly owner: string;
  readonly first: string;
}

/**
 * Keys that two owners publish, whatever for: to sign, to open, or to prove themselves. A signature must say whose it is; with one key for two, either could pass
 * off the other's statements as its own.
 */
export function sharedKeys(documents: readonly Pick<MemberDocument, 'subsystems' | 'instances'>[]): SharedKey[] {
  const owners = new Map<string, string>();
  const shared: SharedKey[] = [];
  for (const { subsystems, instances } of documents)
    for (const { id, kids } of [...subsystems.map(ofSubsystem), ...instances.map(ofOwner)])
      for (const kid of kids) {
        const first = owners.get(kid);
        if (first === undefined) owners.set(kid, id);
        else if (first !== id) shared.push({ kid, owner: id, first });
      }
  return shared;
}

type Owner = MemberDocument['instances'][number] | MemberDocument['subsystems'][number];

function ofOwner({ id, keys }: Owner) {
  return { id, kids: keys.map(({ kid }) => kid) };
}

/** Certificates are left out: one information system may serve two subsystems, and says for which it asks. */
function ofSubsystem(subsystem: MemberDocument['subsystems'][number]) {
  const { id, kids } = ofOwner(subsystem);
  const own = (subsystem.credentials ?? []).flatMap((entry) => (entry.kind === 'key' ? [entry.kid] : []));
  return { id, kids: [...kids, ...own] };
}
