import { sha512, toBase64Url } from '#kernel';
import {
  answerDigest,
  commit,
  generateSigningKey,
  jwkSigner,
  publicJwk,
  requestDigest,
  signDocument,
  signStatement,
  type PrivateJwk,
  type Statement,
  type StatementPayload,
} from '#signing';
import { digestList, publicDigest, snapshotBytes, type MemberEntry } from '#snapshot';
import {
  checkpointText,
  ed25519Seed,
  encodeTlogProof,
  GrowingTree,
  leafHash,
  noteSigner,
  signNote,
  type NoteSigner,
} from '#tlog';

/** Evidence of one exchange, made with the writing half of Kerege, for judging it with the verifying half. */
export const CONSUMER = 'DEMO/GOV/1000/mygov';
export const PROVIDER = 'DEMO/GOV/1001/population';
export const ANSWER_BODY = Buffer.from('{"pin":"TEST000001","name":"Invented Person"}');
const EXCHANGE = '0198a7b0-0000-7000-8000-00000000000a';
const NOW = Date.UTC(2026, 8, 1, 12);
const ORIGIN = 'audit.demo.example/DEMO/0/2026h2';

export const keys = {
  registry: generateSigningKey(),
  consumerMember: generateSigningKey(),
  consumerMember2: generateSigningKey(),
  providerMember: generateSigningKey(),
  operatorMember: generateSigningKey(),
  consumer: generateSigningKey(),
  provider: generateSigningKey(),
  providerNext: generateSigningKey(),
  audit: generateSigningKey(),
  stranger: generateSigningKey(),
};
const log = ed25519Seed(Buffer.alloc(32, 5));
export const logSigner = noteSigner(ORIGIN, log.publicKey, log.sign);

/** The log of another window, or of anything else that is called so. */
export function otherLog(origin: string): NoteSigner {
  const other = ed25519Seed(Buffer.alloc(32, 6));
  return noteSigner(origin, other.publicKey, other.sign);
}

export function trustOf(change: object = {}): Buffer {
  const registry = [{ ...publicJwk(keys.registry), kid: keys.registry.kid }];
  const trust = { v: 1, instance: 'DEMO', logs: [logSigner.vkey], registry, witnesses: null, timestampRoots: [] };
  return Buffer.from(JSON.stringify({ ...trust, ...change }));
}

/** What a test changes before anything is signed. */
export interface Plan {
  readonly outcome: 'answered' | 'refused' | 'failed' | 'provider-failed' | 'swept' | 'none';
  readonly requestedBy: PrivateJwk;
  readonly outcomeBy: PrivateJwk | undefined;
  /** Laid over the fields of the outcome. */
  readonly outcomeFields: object;
  readonly manifestBy: PrivateJwk;
  readonly manifestFields: object;
  /** First instant at which the provider's key no longer holds. */
  readonly providerKeyUntil: string;
  /** A renewed manifest between request and outcome. */
  readonly renewed: boolean;
  /** With `renewed`: the second manifest brings a provider's document whose only key is `providerNext`. */
  readonly rekeyed: boolean;
  /** Whether the request stands before the first manifest. */
  readonly early: boolean;
  /** The log in which the outcome stands, behind the same manifest; undefined: in that of the request. */
  readonly sequelIn: NoteSigner | undefined;
}

const PLAN: Plan = {
  outcome: 'answered',
  requestedBy: keys.consumer,
  outcomeBy: undefined,
  outcomeFields: {},
  manifestBy: keys.registry,
  manifestFields: {},
  providerKeyUntil: '2030-01-01T00:00:00Z',
  renewed: false,
  rekeyed: false,
  early: false,
  sequelIn: undefined,
};

const salt = Buffer.alloc(32, 0x80);
const request = {
  method: 'GET',
  target: '/r1/DEMO/GOV/1001/population/persons/TEST000001',
  headers: [
    { name: 'X-Road-Client', value: CONSUMER },
    { name: 'Accept-Language', value: 'az, caf\u00e9' },
    { name: 'x-road-request-id', value: '1234' },
  ],
  body: Buffer.alloc(0),
};
const answer = {
  status: 200,
  headers: [{ name: 'Content-Type', value: 'application/json' }],
  body: ANSWER_BODY,
};
const committed = commit('subject', { country: 'DEMO', type: 'PIN', code: 'TEST000001' }, Buffer.alloc(32, 0x40));

/** As JSON would have it, for tests to bend. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- forgers do not keep to types
export type Bendable = Record<string, any>;

export async function buildEvidence(change: Partial<Plan> = {}): Promise<Bendable> {
  const plan = { ...PLAN, ...change };
  const before = await membersOf(plan, keys.provider);
  const members = plan.rekeyed ? await membersOf(plan, keys.providerNext) : before;
  const [digests, laterDigests] = [before, members].map((list) => digestList(snapshotBytes({} as never), list));
  const manifest = await manifestOf(digests ?? '', plan, NOW - 30_000);
  const renewal = await manifestOf(laterDigests ?? '', plan, NOW + 30_000);
  const requested = await requestedOf(plan);
  const outcome = await outcomeOf(plan, requested);
  const filler = (text: string): string => `filler-${text}`;
  const first = plan.early ? [requested.jws, manifest.jws] : [manifest.jws, filler('a'), requested.jws];
  const bodies = [
    ...first,
    filler('b'),
    ...(plan.renewed ? [renewal.jws] : []),
    outcome?.jws ?? filler('c'),
    filler('d'),
  ];
  const beyond = await beyondBorder(plan.sequelIn, manifest, outcome);
  const proofOf = await proofsOver(bodies);
  const manifests = [manifest, ...(plan.renewed ? [renewal] : [])];
  const statements = [requested, ...(outcome === undefined ? [] : [outcome])];
  const isAnswered = plan.outcome === 'answered';
  return {
    v: 1,
    statements: statements.map(({ jws }, position) => ({
      jws,
      proof: position > 0 ? (beyond.outcomeProof ?? proofOf(jws)) : proofOf(jws),
      governing: manifests.length + beyond.manifests.length > 1 ? position : 0,
    })),
    manifests: [
      ...manifests.map(({ jws }, position) => ({
        index: bodies.indexOf(jws),
        jws,
        proof: proofOf(jws),
        digests: position === 0 ? digests : laterDigests,
      })),
      ...beyond.manifests.map((entry) => ({ ...entry, digests })),
    ],
    members: members.filter((member) => plan.outcome === 'swept' || member.id !== 'DEMO/GOV/1009'),
    salt: toBase64Url(salt),
    openings: [
      {
        kind: 'subject',
        statement: 0,
        index: 0,
        r: toBase64Url(committed.opening.r),
        country: 'DEMO',
        type: 'PIN',
        code: 'TEST000001',
      },
    ],
    request: { method: request.method, target: request.target, headers: pairs(request.headers), bodySha512: null },
    answer: isAnswered
      ? { status: answer.status, headers: pairs(answer.headers), bodySha512: toBase64Url(sha512(answer.body)) }
      : null,
  };
}

export function bytesOf(evidence: object): Buffer {
  return Buffer.from(JSON.stringify(evidence));
}

function pairs(headers: readonly { name: string; value: string }[]): [string, string][] {
  return headers.map(({ name, value }) => [name, value]);
}

/** A window that begins as each with a predecessor does: `log.opened`, the manifest that goes on, then what comes. */
async function beyondBorder(signer: NoteSigner | undefined, manifest: Statement, outcome: Statement | undefined) {
  if (signer === undefined) return { manifests: [], outcomeProof: undefined };
  const proofOf = await proofsOver(['log.opened', manifest.jws, outcome?.jws ?? 'none'], signer);
  const { jws } = manifest;
  return { manifests: [{ index: 1, jws, proof: proofOf(jws) }], outcomeProof: proofOf(outcome?.jws ?? 'none') };
}

/** Each leaf under the checkpoint of another size, as receipts come. */
async function proofsOver(bodies: readonly string[], signer = logSigner): Promise<(jws: string) => string> {
  const proofs = new Map<string, string>();
  const hashes = bodies.map((body) => leafHash(Buffer.from(body)));
  for (const [index, body] of bodies.entries()) {
    const size = Math.min(bodies.length, index + 2);
    const tree = GrowingTree.empty().extend(hashes.slice(0, size));
    const checkpoint = await signNote(checkpointText(signer.name, size, tree.root), [signer]);
    proofs.set(body, encodeTlogProof({ index, path: tree.path(index), checkpoint }));
  }
  return (jws) => proofs.get(jws) ?? '';
}

function manifestOf(digests: string, plan: Plan, ts: number): Promise<Statement> {
  const payload = {
    v: 1,
    t: 'registry.manifest',
    id: ts < NOW ? '0198a7b0-0000-7000-8000-000000000001' : '0198a7b0-0000-7000-8000-000000000002',
    ts,
    n: 1,
    until: ts + 600_000,
    doc: publicDigest(digests),
    ...plan.manifestFields,
  };
  return signStatement(payload as StatementPayload, jwkSigner(plan.manifestBy));
}

const parties = { from: CONSUMER, to: PROVIDER, svc: `${PROVIDER}/persons`, ep: 'GET /{pin}' };

function requestedOf(plan: Plan): Promise<Statement> {
  return signStatement(
    {
      v: 1,
      t: 'exchange.requested',
      id: EXCHANGE,
      ts: NOW,
      ...parties,
      pur: 'citizen-view',
      law: 'LB-PORTAL',
      req: requestDigest(salt, request),
      subj: [committed.commitment],
      snap: 1,
    },
    jwkSigner(plan.requestedBy),
  );
}

async function outcomeOf(plan: Plan, requested: Statement): Promise<Statement | undefined> {
  if (plan.outcome === 'none') return undefined;
  const common = { v: 1, id: EXCHANGE, ts: NOW + 40, ...parties, prev: toBase64Url(requested.leafHash) };
  const rows = {
    answered: [{ t: 'exchange.answered', st: 200, res: answerDigest(salt, answer), snap: 1 }, keys.provider],
    refused: [{ t: 'exchange.refused', why: 'agreement-missing', snap: 1 }, keys.provider],
    failed: [{ t: 'exchange.failed', why: 'provider-unreachable', side: 'provider' }, keys.consumer],
    'provider-failed': [{ t: 'exchange.failed', why: 'breaker-open', side: 'provider-system' }, keys.provider],
    swept: [{ t: 'exchange.failed', why: 'no-outcome', side: 'unknown' }, keys.audit],
  } as const;
  const [own, key] = rows[plan.outcome];
  const payload = { ...common, ...own, ...plan.outcomeFields };
  return signStatement(payload as unknown as StatementPayload, jwkSigner(plan.outcomeBy ?? key));
}

async function membersOf(plan: Plan, providerKey: PrivateJwk): Promise<MemberEntry[]> {
  return [
    await memberOf('DEMO/GOV/1000', [keys.consumerMember, keys.consumerMember2], {
      subsystems: [{ id: CONSUMER, keys: [published(keys.consumer)], services: [], agreements: [] }],
      instances: [],
    }),
    await memberOf('DEMO/GOV/1001', [keys.providerMember], {
      subsystems: [
        { id: PROVIDER, keys: [published(providerKey, plan.providerKeyUntil)], services: [], agreements: [] },
      ],
      instances: [],
    }),
    await memberOf('DEMO/GOV/1009', [keys.operatorMember], {
      subsystems: [],
      instances: [{ id: 'DEMO/audit1', kind: 'audit', keys: [published(keys.audit)] }],
    }),
  ];
}

function published(key: PrivateJwk, until = '2030-01-01T00:00:00Z'): object {
  return { kid: key.kid, use: 'sign', jwk: publicJwk(key), from: '2026-01-01T00:00:00Z', until };
}

export async function memberOf(id: string, chain: readonly PrivateJwk[], content: object): Promise<MemberEntry> {
  const links = chain.map((key, index) => {
    const payload = { v: 1, member: id, number: index + 1, key: { kid: key.kid, jwk: publicJwk(key) } };
    return signDocument('kerege-key+jwt', payload, jwkSigner(chain[index - 1] ?? key));
  });
  const document = { v: 1, member: id, name: { en: 'Member' }, ...content };
  const newest = chain.at(-1) ?? keys.stranger;
  return {
    id,
    document: await signDocument('kerege-member+jwt', document, jwkSigner(newest)),
    keyChain: await Promise.all(links),
  };
}
