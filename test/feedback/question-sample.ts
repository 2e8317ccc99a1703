import { randomBytes } from 'node:crypto';
import { newExchangeId, toBase64Url } from '#kernel';
import {
  generateSigningKey,
  jwkSigner,
  parseStatement,
  questionAnswerDigest,
  signStatement,
  type Statement,
} from '#signing';
import { checkpointText, ed25519Seed, encodeTlogProof, GrowingTree, inclusionPath, noteSigner, signNote } from '#tlog';
import type { AccessRow, ShownQuestion } from '../../apps/feedback/web/access-row.js';

/** Questions stand where their time falls: in another window than the accesses here. */
const ORIGIN = 'audit.test.example/DEMO/0/2027h1';
const PORTAL = 'DEMO/GOV/1000/mygov';
const ASKED_MS = Date.parse('2026-11-20T09:00:00Z');
const DAY_MS = 86_400_000;

export interface SampleQuestion {
  readonly vkey: string;
  /** Just asked: its leaf is not in the log yet. */
  readonly asked: ShownQuestion;
  /** With genuine evidence. */
  readonly answered: ShownQuestion;
}

/** A question about a row of the sample history, and its answer, in a real log. */
export async function sampleQuestion(row: AccessRow): Promise<SampleQuestion> {
  const signer = jwkSigner(generateSigningKey());
  const request = parseStatement((row.evidence?.request ?? row.evidence)?.statement ?? '');
  if (!request.ok) throw new TypeError(request.reason);
  const id = newExchangeId();
  const parties = { v: 1, id, from: PORTAL, to: row.consumer.id } as const;
  const dueMs = ASKED_MS + 15 * DAY_MS;
  const prev = toBase64Url(request.value.leafHash);
  const asked = await signStatement({ ...parties, t: 'question.asked', ts: ASKED_MS, prev, until: dueMs }, signer);
  const answer = { code: 'YOUR_APPLICATION', text: 'Your claim for a study grant of 3 November 2026.' };
  const salt = randomBytes(32);
  const doc = questionAnswerDigest(salt, answer);
  const ts = ASKED_MS + 2 * DAY_MS;
  const reply = await signStatement(
    { ...parties, t: 'question.answered', ts, prev: toBase64Url(asked.leafHash), doc },
    signer,
  );
  const { vkey, proofs } = await logOf([asked, reply]);
  const [question = '', answered = ''] = proofs;
  const standing = { id, askedAt: instant(ASKED_MS), dueAt: instant(dueMs) };
  return {
    vkey,
    asked: { ...standing, state: 'asked' },
    answered: {
      ...{ ...standing, state: 'answered', answeredAt: instant(ts), late: false },
      answer: { ...answer, title: 'Because of an application that you made' },
      evidence: {
        asked: { statement: asked.jws, proof: question },
        answered: { statement: reply.jws, proof: answered, salt: toBase64Url(salt) },
      },
    },
  };
}

async function logOf(statements: readonly Statement[]) {
  const leaves = statements.map(({ leafHash }) => leafHash);
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 8));
  const log = noteSigner(ORIGIN, publicKey, sign);
  const { root } = GrowingTree.empty().extend(leaves);
  const checkpoint = await signNote(checkpointText(ORIGIN, leaves.length, root), [log]);
  const tile = ({ index, width }: { index: number; width: number }) =>
    Promise.resolve(Buffer.concat(leaves.slice(index * 256, index * 256 + width)));
  const proofs = leaves.map(async (_, index) => {
    const path = await inclusionPath(index, leaves.length, tile);
    if (!path.ok) throw new TypeError(path.reason);
    return encodeTlogProof({ index, path: path.value, checkpoint });
  });
  return { vkey: log.vkey, proofs: await Promise.all(proofs) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
