import type { MemberId } from '#kernel';
import { generateSigningKey, publicJwk, type PrivateJwk } from '#signing';
import {
  buildSnapshot,
  digestList,
  snapshotBytes,
  verifySnapshot,
  type MemberDocument,
  type PublishedKey,
} from '#snapshot';
import { signEntry, type World } from '#testing';

/** The next snapshot of a world, after its members have edited and signed their documents anew. */
export async function amendWorld(
  world: World,
  number: number,
  edit: (document: MemberDocument) => MemberDocument,
): Promise<World> {
  const members = await Promise.all(
    [...world.documents.values()].map(async (before) => {
      const document = edit(before);
      return { document, entry: await signEntry(document, world.memberKey(document.member)) };
    }),
  );
  const snapshot = buildSnapshot({ number, definition: world.definition, members, logs: [] });
  const bytes = snapshotBytes(snapshot);
  const verified = verifySnapshot(bytes, new Map());
  if (!verified.ok || verified.value.distrusted.length > 0) throw new TypeError('an amended world does not verify');
  const documents = new Map<MemberId, MemberDocument>(members.map(({ document }) => [document.member, document]));
  return {
    ...world,
    snapshot,
    bytes,
    digests: digestList(bytes, snapshot.members),
    view: verified.value.view,
    documents,
  };
}

/** Gives a subsystem these signing keys instead of its own. */
export function withSigningKeys(subsystem: string, keys: readonly PublishedKey[]) {
  return (document: MemberDocument): MemberDocument => ({
    ...document,
    subsystems: document.subsystems.map((entry) =>
      entry.id === subsystem ? { ...entry, keys: [...keys, ...entry.keys.filter((key) => key.use === 'seal')] } : entry,
    ),
  });
}

/** Gives a subsystem, to be sealed for, a key that only signs: the registry publishes what its member says. */
export function withUnusableSeal(subsystem: string) {
  const seal = { ...publishedKey(generateSigningKey()), use: 'seal' as const };
  return (document: MemberDocument): MemberDocument => ({
    ...document,
    subsystems: document.subsystems.map((entry) =>
      entry.id === subsystem ? { ...entry, keys: [...entry.keys.filter((key) => key.use === 'sign'), seal] } : entry,
    ),
  });
}

export function freshKey(validity: { from?: string; until?: string } = {}): {
  key: PrivateJwk;
  published: PublishedKey;
} {
  const key = generateSigningKey();
  return { key, published: publishedKey(key, validity) };
}

export function publishedKey(key: PrivateJwk, { from = '2020-01-01T00:00:00Z', until = '2099-01-01T00:00:00Z' } = {}) {
  return { kid: key.kid, use: 'sign', jwk: publicJwk(key) as PublishedKey['jwk'], from, until } satisfies PublishedKey;
}
