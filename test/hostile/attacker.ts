import type { MemberId } from '#kernel';
import { generateSigningKey, publicJwk, type PrivateJwk } from '#signing';
import { digestList, snapshotBytes, type MemberDocument, type PublishedKey, type Snapshot } from '#snapshot';
import { signEntry, type World } from '#testing';

export const REGISTER = 'TEST/GOV/1001' as MemberId;

type Entry = Snapshot['members'][number];

/**
 * What somebody makes of a world whose registry he owns: the next number, with this entry in the place of a member's, and
 * with other instances. The world's `view` stays the honest one: no member has signed anything new.
 */
export function forgedWorld(
  world: World,
  number: number,
  changes: { readonly entry?: Entry; readonly instances?: Snapshot['instances'] } = {},
): World {
  const { entry, instances = world.snapshot.instances } = changes;
  const members = world.snapshot.members.map((each) => (each.id === entry?.id ? entry : each));
  const snapshot = { ...world.snapshot, number, members, instances };
  const bytes = snapshotBytes(snapshot);
  return { ...world, snapshot, bytes, digests: digestList(bytes, members) };
}

/** A document in which a subsystem signs with a key of the attacker's, under a chain that he has begun himself. */
export async function swappedKey(
  world: World,
  member: MemberId,
  subsystem: string,
): Promise<{ readonly entry: Entry; readonly key: PrivateJwk }> {
  const key = generateSigningKey();
  const jwk = publicJwk(key) as PublishedKey['jwk'];
  const document = edited(world, member, (entry) =>
    entry.id === subsystem
      ? {
          ...entry,
          keys: [{ ...sample(entry.keys), kid: key.kid, jwk }, ...entry.keys.filter(({ use }) => use === 'seal')],
        }
      : entry,
  );
  return { entry: await signEntry(document, generateSigningKey()), key };
}

/** The member's own entry, honestly chained, whose document says more than the member has signed. */
export function alteredDocument(
  world: World,
  member: MemberId,
  edit: (document: MemberDocument) => MemberDocument,
): Entry {
  const honest = world.snapshot.members.find(({ id }) => id === member);
  const document = world.documents.get(member);
  if (honest === undefined || document === undefined) throw new TypeError('no such member');
  const [head = '', , signature = ''] = honest.document.split('.');
  const payload = Buffer.from(JSON.stringify(edit(document))).toString('base64url');
  return { ...honest, document: `${head}.${payload}.${signature}` };
}

/** Signed by the member itself, at that time. */
export async function signedAt(
  world: World,
  member: MemberId,
  time: string,
  edit: (document: MemberDocument) => MemberDocument = (document) => document,
): Promise<Entry> {
  const document = world.documents.get(member);
  if (document === undefined) throw new TypeError('no such member');
  return signEntry({ ...edit(document), signedAt: time }, world.memberKey(member));
}

/** The member as it was before it granted anything to anybody. */
export function withoutAgreements(document: MemberDocument): MemberDocument {
  return { ...document, subsystems: document.subsystems.map((entry) => ({ ...entry, agreements: [] })) };
}

function edited(
  world: World,
  member: MemberId,
  edit: (entry: MemberDocument['subsystems'][number]) => MemberDocument['subsystems'][number],
): MemberDocument {
  const document = world.documents.get(member);
  if (document === undefined) throw new TypeError('no such member');
  return { ...document, subsystems: document.subsystems.map(edit) };
}

function sample(keys: readonly PublishedKey[]): PublishedKey {
  const [key] = keys.filter(({ use }) => use === 'sign');
  if (key === undefined) throw new TypeError('a subsystem without a key');
  return key;
}
