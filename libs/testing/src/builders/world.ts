import type { MemberId } from '#kernel';
import { generateSealingKey, generateSigningKey, jwkSigner, publicJwk, signDocument, type PrivateJwk } from '#signing';
import {
  buildSnapshot,
  digestList,
  KEY_CHAIN_TYPE,
  MEMBER_DOCUMENT_TYPE,
  memberDocumentsOf,
  openApiOperations,
  parseInstanceDefinition,
  snapshotBytes,
  verifySnapshot,
  type InstanceDefinition,
  type MemberDocument,
  type MemberEntry,
  type PublishedKey,
  type RegistryView,
  type Snapshot,
} from '#snapshot';

/** A consumer (mygov), a provider with a safe and an unsafe endpoint (population/persons), and the operator. */
const DEFINITION = `
instance: TEST
purposes:
  - { code: citizen-view, title: { en: View }, legalBasis: LB-1 }
  - { code: other, title: { en: Other }, legalBasis: LB-1 }
legalBases: [{ code: LB-1, title: { en: Law }, reference: Law 1 }]
members:
  - { id: GOV/1000, name: { en: Portal }, subsystems: [{ code: mygov }] }
  - id: GOV/1001
    name: { en: Register }
    subsystems:
      - code: population
        services:
          - code: persons
            timeoutMs: 5000
            subject: { type: PIN, country: TEST, from: { path: pin } }
            endpoints:
              - { endpoint: "GET /{pin}" }
              - { endpoint: "POST /claims", subject: { type: PIN, country: TEST, from: { body: /pin } } }
        agreements:
          - { consumer: GOV/1000/mygov, service: persons, endpoints: ["GET /{pin}", "POST /claims"], purposes: [citizen-view], until: 2099-12-31 }
  - { id: GOV/1009, name: { en: Operator }, subsystems: [{ code: operator }] }
instances:
  - { id: gw1, kind: gateway, runBy: GOV/1009, serves: [GOV/1000/mygov] }
  - { id: cn1, kind: connector, runBy: GOV/1009, serves: [GOV/1001/population] }
  - { id: audit1, kind: audit, runBy: GOV/1009 }
  - { id: registry1, kind: registry, runBy: GOV/1009 }
`;

const FROM = '2020-01-01T00:00:00Z';
const UNTIL = '2099-01-01T00:00:00Z';

/** A small instance with fresh keys: everything that a spec needs to sign, seal and verify. */
export interface World {
  readonly definition: InstanceDefinition;
  readonly snapshot: Snapshot;
  /** Uncompressed bytes of the snapshot, as they are hashed. */
  readonly bytes: Buffer;
  readonly digests: string;
  readonly view: RegistryView;
  readonly documents: ReadonlyMap<MemberId, MemberDocument>;
  /** Private keys of a subsystem or instance. */
  readonly keysOf: (identifier: string) => { readonly sign: PrivateJwk; readonly seal: PrivateJwk };
  /** Private key with which a member signs its document. */
  readonly memberKey: (member: string) => PrivateJwk;
}

export interface WorldOptions {
  readonly number?: number;
  /** Edits of the definition's text, or another one. */
  readonly definition?: (text: string) => string;
  /** Text of every OpenAPI document that the definition names. */
  readonly openapi?: string;
  /** Keys of an earlier world stay those of this one. */
  readonly sameKeysAs?: World;
}

/** Builds a world; deterministic but for its keys. */
export async function buildWorld(options: WorldOptions = {}): Promise<World> {
  const parsed = parseInstanceDefinition((options.definition ?? String)(DEFINITION));
  if (!parsed.ok) throw new TypeError(`the definition of a test is wrong: ${JSON.stringify(parsed.reason)}`);
  const keysOf =
    options.sameKeysAs?.keysOf ?? remembered(() => ({ sign: generateSigningKey(), seal: generateSealingKey() }));
  const memberKey = options.sameKeysAs?.memberKey ?? remembered(generateSigningKey);
  const documents = memberDocumentsOf(parsed.value, {
    keysOf: (id) => {
      const { sign, seal } = keysOf(id);
      return id.split('/').length === 2 ? [published(sign)] : [published(sign), published(seal)];
    },
    openapi: () => documentOf(options.openapi),
  });
  if (!documents.ok) throw new TypeError(`the documents of a test are wrong: ${JSON.stringify(documents.reason)}`);
  const members = await Promise.all(
    documents.value.map(async (document) => ({
      document,
      entry: await signEntry(document, memberKey(document.member)),
    })),
  );
  const snapshot = buildSnapshot({ number: options.number ?? 1, definition: parsed.value, members, logs: [] });
  const bytes = snapshotBytes(snapshot);
  const verified = verifySnapshot(bytes, new Map());
  if (!verified.ok || verified.value.distrusted.length > 0) throw new TypeError('a world does not verify');
  return {
    definition: parsed.value,
    snapshot,
    bytes,
    digests: digestList(bytes, snapshot.members),
    view: verified.value.view,
    documents: new Map(documents.value.map((document) => [document.member, document])),
    keysOf,
    memberKey,
  };
}

/** A member's entry with a chain of one key. */
export async function signEntry(document: MemberDocument, key: PrivateJwk): Promise<MemberEntry> {
  const signer = jwkSigner(key);
  const link = { v: 1, member: document.member, number: 1, key: { kid: key.kid, jwk: publicJwk(key) } };
  return {
    id: document.member,
    document: await signDocument(MEMBER_DOCUMENT_TYPE, document, signer),
    keyChain: [await signDocument(KEY_CHAIN_TYPE, link, signer)],
  };
}

function documentOf(text: string | undefined) {
  const read = text === undefined ? undefined : openApiOperations(text);
  return read?.ok === true ? read.value : undefined;
}

function published(key: PrivateJwk): PublishedKey {
  const jwk = publicJwk(key) as PublishedKey['jwk'];
  return { kid: key.kid, use: key.use === 'sig' ? 'sign' : 'seal', jwk, from: FROM, until: UNTIL };
}

function remembered<Value>(make: () => Value): (name: string) => Value {
  const made = new Map<string, Value>();
  return (name) => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  };
}
