import { generateSigningKey, commit, jwkSigner, signStatement } from '#signing';
import {
  checkpointText,
  ed25519Seed,
  encodeTlogProof,
  GrowingTree,
  inclusionPath,
  noteSigner,
  signNote,
  type TileReader,
} from '#tlog';
import { newExchangeId } from '#kernel';
import type { AccessRow } from '../../apps/feedback/web/access-row.js';

export const SUBJECT = 'DEMO/PIN/TEST000007';
const ORIGIN = 'audit.test.example/DEMO/0/2026h2';
const CONSUMERS = ['DEMO/GOV/1003/benefits', 'DEMO/COM/2001/clinic', 'DEMO/GOV/1000/mygov'] as const;
const PROVIDER = 'DEMO/GOV/1001/population';
const START_MS = Date.parse('2026-11-01T08:00:00Z');

export interface SampleHistory {
  readonly vkey: string;
  /** Newest first, each with genuine evidence. */
  readonly rows: readonly AccessRow[];
}

/** A history of `count` accesses in a real log: statements, commitments and proofs as the bus makes them. */
export async function sampleHistory(count: number): Promise<SampleHistory> {
  const signer = jwkSigner(generateSigningKey());
  const made = await Promise.all(Array.from({ length: count }, (_, at) => access(at, signer)));
  const leaves = made.flatMap(({ requested, answered }) => [requested.leafHash, answered.leafHash]);
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 7));
  const log = noteSigner(ORIGIN, publicKey, sign);
  const extension = GrowingTree.empty().extend(leaves);
  const checkpoint = await signNote(checkpointText(ORIGIN, leaves.length, extension.root), [log]);
  const roots = (level: number) =>
    extension.fullTiles.filter((tile) => tile.level === level - 1).map(({ root }) => root);
  const tiles: TileReader = ({ level, index, width }) =>
    Promise.resolve(Buffer.concat((level === 0 ? leaves : roots(level)).slice(index * 256, index * 256 + width)));
  const proofOf = async (index: number) => {
    const path = await inclusionPath(index, leaves.length, tiles);
    if (!path.ok) throw new TypeError(path.reason);
    return encodeTlogProof({ index, path: path.value, checkpoint });
  };
  const rows = await Promise.all(
    made.map(async ({ row, requested, answered, opening, told }, at): Promise<AccessRow> => {
      const request = { statement: requested.jws, proof: await proofOf(2 * at) };
      const answer = { statement: answered.jws, proof: await proofOf(2 * at + 1) };
      return {
        ...row,
        leaf: { log: ORIGIN, index: told ? 2 * at + 1 : 2 * at },
        evidence: { ...(told ? { ...answer, request } : request), opening, sequels: [answer] },
      };
    }),
  );
  return { vkey: log.vkey, rows: rows.reverse() };
}

async function access(at: number, signer: ReturnType<typeof jwkSigner>) {
  const [country = '', type = '', code = ''] = SUBJECT.split('/');
  const { commitment, opening } = commit('subject', { country, type, code });
  // Of some requests only the answer tells whose data it holds.
  const told = at % 10 === 3;
  const consumer = CONSUMERS[at % CONSUMERS.length] ?? CONSUMERS[0];
  const ts = START_MS + at * 61_000;
  const id = newExchangeId();
  const parties = { v: 1, id, from: consumer, to: PROVIDER, svc: `${PROVIDER}/persons`, ep: 'GET /{pin}' } as const;
  const requested = await signStatement(
    {
      ...parties,
      t: 'exchange.requested',
      ts,
      pur: 'benefit-decision',
      law: 'LB-BENEFITS',
      req: `h1:${'A'.repeat(43)}`,
      subj: told ? [] : [commitment],
      snap: 1,
    },
    signer,
  );
  const answered = await signStatement(
    {
      ...parties,
      t: 'exchange.answered',
      ts: ts + 40,
      prev: requested.leafHash.toString('base64url'),
      st: 200,
      res: `h1:${'A'.repeat(43)}`,
      snap: 1,
      ...(told ? { subj: [commitment] } : {}),
    },
    signer,
  );
  const row = {
    exchangeId: id,
    at: new Date(ts).toISOString(),
    subject: SUBJECT,
    role: 'subject',
    consumer: { id: consumer, name: consumer.endsWith('clinic') ? 'Family Clinic' : 'Social Fund' },
    provider: { id: PROVIDER, name: 'Population Register' },
    service: { id: `${PROVIDER}/persons`, title: 'Persons' },
    endpoint: 'GET /{pin}',
    purpose: { code: 'benefit-decision', title: 'Decision on a social benefit' },
    legalBasis: { code: 'LB-BENEFITS', title: 'Granting of social benefits', reference: 'Demo Act, section 4' },
    outcome: 'answered',
    status: 200,
    disclosed: true,
    disputed: false,
    endUser: 'none',
  } as const;
  const shown = {
    kind: 'subject',
    position: 0,
    r: Buffer.from(opening.r).toString('base64url'),
    country,
    type,
    code,
  } as const;
  return { row, requested, answered, opening: shown, told };
}
