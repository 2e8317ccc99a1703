import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { closeList, reveal, valueHash, type CaseRecipient } from '#corrections';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import { commit, jwkSigner, signStatement, type Statement, type StatementPayload } from '#signing';
import { buildWorld, type World } from '#testing';
import {
  checkpointText,
  ed25519Seed,
  encodeTlogProof,
  GrowingTree,
  inclusionPath,
  noteSigner,
  parseVkey,
  signNote,
  type NoteSigner,
} from '#tlog';
import { explainFlaw, proveCorrection, type ProvenCorrection } from './case-evidence.js';
import { reportLines } from './verify-correction.command.js';

const [PORTAL, OWNER, FEEDBACK] = ['TEST/GOV/1000/mygov', 'TEST/GOV/1001/population', 'TEST/feedback1'];
const OPERATOR = 'TEST/GOV/1009/operator';
const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const id = newExchangeId();
const r = randomBytes(32);
const subject = { country: 'TEST', type: 'PIN', code: 'TEST000007' };
const act = { act: 'decide', outcome: 'ACCEPTED', accepted: [0], approvedBy: 'w-1' };
const actSalt = randomBytes(32);
const h1 = (text: string) => valueHash(Buffer.alloc(32, 3), text);

/** Evidence as JSON, which a forger changes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- forgers change what they like
type Forged = any;

type Payload = Readonly<Record<string, unknown>>;

let world: World;
let honest: Forged;
let signed: Statement[];
const [log, otherLog] = [logOf(1), logOf(2)];

function logOf(seed: number): NoteSigner {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, seed));
  return noteSigner(ORIGIN, publicKey, sign);
}

function signedBy(signer: string, payload: Payload): Promise<Statement> {
  const whole: unknown = { v: 1, ts: Date.now(), id, from: PORTAL, to: OWNER, ...payload };
  return signStatement(whole as StatementPayload, signerOf(signer));
}
const signerOf = (signer: string) => jwkSigner(world.keysOf(signer).sign);

/** Where each leaf stands in a log of just these. */
async function placed(statements: readonly Statement[], signer = log) {
  const leaves = statements.map(({ leafHash }) => leafHash);
  const { root } = GrowingTree.empty().extend(leaves);
  const note = await signNote(checkpointText(ORIGIN, leaves.length, root), [signer]);
  return Promise.all(
    statements.map(async ({ jws, leafHash, payload }, index) => {
      const path = await inclusionPath(index, leaves.length, ({ index: tile, width }) =>
        Promise.resolve(Buffer.concat(leaves.slice(tile * 256, tile * 256 + width))),
      );
      if (!path.ok) throw new TypeError(path.reason);
      const proof = encodeTlogProof({ index, path: path.value, checkpoint: note });
      const said = 'seq' in payload ? payload.seq : 0;
      return { seq: said, statement: jws, leaf: toBase64Url(leafHash), log: ORIGIN, index, proof };
    }),
  );
}

const told = (subsystem: string): CaseRecipient => ({
  ...{ subsystem: subsystem as SubsystemId, lastExchangeId: newExchangeId(), action: 'APPLIED' },
});
function listOf(recipients: readonly CaseRecipient[]) {
  const list = closeList(recipients);
  if (!list.ok) throw new TypeError(list.reason);
  const shown = reveal(list.value, () => true).map(({ salt, recipient, index, size, path }) => ({
    ...{ ...recipient, salt: toBase64Url(salt), index, size, path: path.map(toBase64Url) },
  }));
  return { root: list.value.root, shown };
}

async function chain(root: string): Promise<Statement[]> {
  const steps: [signer: string, payload: Payload][] = [
    [PORTAL, { t: 'correction.submitted', was: 'DRAFT', now: 'SUBMITTED', doc: h1('request') }],
    [FEEDBACK, { t: 'correction.routed', was: 'SUBMITTED', now: 'ROUTED' }],
    [OWNER, { t: 'correction.received', was: 'ROUTED', now: 'RECEIVED', doc: h1('request') }],
    [OWNER, { t: 'correction.review-started', was: 'RECEIVED', now: 'IN_REVIEW' }],
    [
      OWNER,
      {
        ...{ t: 'correction.decided', was: 'IN_REVIEW', now: 'ACCEPTED', why: 'error-confirmed' },
        doc: valueHash(actSalt, act),
      },
    ],
    [
      OWNER,
      {
        t: 'correction.corrected',
        was: 'ACCEPTED',
        now: 'CORRECTED',
        until: Date.parse('2026-01-31'),
        doc: h1('values'),
      },
    ],
    [FEEDBACK, { t: 'correction.propagating', was: 'CORRECTED', now: 'PROPAGATING', doc: h1('first list') }],
    [FEEDBACK, { t: 'correction.closed', was: 'PROPAGATING', now: 'CLOSED', doc: root }],
  ];
  const made: Statement[] = [];
  for (const [at, [signer, payload]] of steps.entries()) {
    const before = made.at(-1);
    const subj = at === 0 ? { subj: [commit('subject', subject, r).commitment] } : {};
    const prev = before === undefined ? {} : { prev: toBase64Url(before.leafHash) };
    made.push(await signedBy(signer, { seq: at + 1, ...payload, ...subj, ...prev }));
  }
  return made;
}

beforeAll(async () => {
  world = await buildWorld({
    definition: (text) => `${text}  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`,
  });
  const { root, shown } = listOf([told(PORTAL), told(OPERATOR)]);
  signed = await chain(root);
  const steps: Forged[] = await placed(signed);
  steps[4].act = { ...act, salt: toBase64Url(actSalt) };
  honest = {
    ...{ format: 'kerege-correction-evidence/v1', correctionId: id, publicNumber: 'TE-2026-000001-1', steps },
    opening: { subject: 'TEST/PIN/TEST000007', r: toBase64Url(r) },
    recipients: { root, leaf: steps[7].leaf, recipients: shown },
    verifying: [],
  };
});

function verdictOn(change: (copy: Forged) => void): ReturnType<typeof proveCorrection> {
  const copy: unknown = structuredClone(honest);
  change(copy);
  const key = parseVkey(log.vkey);
  return proveCorrection(copy, { logs: key.ok ? [key.value] : [], view: world.view });
}

function proven(change: (copy: Forged) => void = () => undefined): ProvenCorrection {
  const verdict = verdictOn(change);
  if (!verdict.ok) throw new TypeError(explainFlaw(verdict.reason));
  return verdict.value;
}

function judge(change: (copy: Forged) => void = () => undefined): string {
  const verdict = verdictOn(change);
  return verdict.ok ? 'ok' : `${verdict.reason.code} ${verdict.reason.where}`;
}

describe('the evidence of a correction', () => {
  it('verifies as it is, and says who did what, and who was told', () => {
    const { steps, recipients, ...about } = proven();
    expect(about).toMatchObject({ correctionId: id, subject: 'TEST/PIN/TEST000007', state: 'CLOSED' });
    expect(steps.map(({ signer }) => signer)).toEqual([
      ...[PORTAL, FEEDBACK, OWNER, OWNER, OWNER, OWNER, FEEDBACK, FEEDBACK],
    ]);
    const named = recipients?.map(({ subsystem, action }) => `${subsystem} ${action}`).sort();
    expect(named).toEqual([`${PORTAL} APPLIED`, `${OPERATOR} APPLIED`]);
  });

  it('says of which steps it has shown what was said, and of no others', () => {
    const report = (change?: (copy: Forged) => void) =>
      reportLines(proven(change), (_style, text) => text).filter((line) => line.includes('what the agency said'));
    expect(report()).toEqual(['  ✓ what the agency said, by its digests: steps 5']);
    expect(report((c) => delete c.steps[4].act)).toEqual([]);
  });

  it.each<[string, (copy: Forged) => void, string]>([
    ['an altered statement', (c) => (c.steps[3].statement = altered(c.steps[3].statement)), 'step-leaf steps[3]'],
    ['another leaf', (c) => (c.steps[3].leaf = c.steps[2].leaf), 'step-leaf steps[3]'],
    ['a swapped statement', (c) => swap(c.steps[2], c.steps[3], ['statement', 'leaf']), 'step-place steps[2]'],
    ['swapped steps', (c) => swap(c.steps, c.steps, [2, 3]), 'step-chain steps[2]'],
    ['a missing transition', (c) => c.steps.splice(4, 1), 'step-chain steps[4]'],
    ['a missing beginning', (c) => c.steps.shift(), 'step-chain steps[0]'],
    ['the number of another place', (c) => (c.steps[3].seq = 5), 'step-chain steps[3]'],
    ['a wrong proof', (c) => (c.steps[5].proof = c.steps[4].proof), 'step-place steps[5]'],
    ['a proof without its path', (c) => (c.steps[5].proof = cut(c.steps[5].proof)), 'step-place steps[5]'],
    ['another index', (c) => (c.steps[5].index = 4), 'step-place steps[5]'],
    ['another log’s name', (c) => (c.steps[5].log = 'audit.test.example/TEST/1/2026h2'), 'step-place steps[5]'],
    ['another case', (c) => (c.correctionId = newExchangeId()), 'step-chain steps[0]'],
    ['another decision', (c) => (c.steps[4].act.outcome = 'REJECTED'), 'step-act steps[4]'],
    ['another decision without its salt', (c) => withoutSalt(c.steps[4].act, 'REJECTED'), 'step-act steps[4]'],
    ['a decision without its salt', (c) => withoutSalt(c.steps[4].act, 'ACCEPTED'), 'step-act steps[4]'],
    ['what nothing has a digest of', (c) => (c.steps[3].act = c.steps[4].act), 'step-act steps[3]'],
    ['another person', (c) => (c.opening.subject = 'TEST/PIN/TEST000008'), 'case-opening opening'],
    ['another root', (c) => (c.recipients.root = h1('another')), 'recipients-root recipients'],
    ['the root of another step', (c) => (c.recipients.leaf = c.steps[6].leaf), 'recipients-root recipients'],
    ['a leaf that is no telling', (c) => (c.recipients.leaf = c.steps[3].leaf), 'recipients-root recipients'],
    [
      'a recipient who did something else',
      (c) => (c.recipients.recipients[0].action = 'NOT_HELD'),
      'recipient-foreign recipients[0]',
    ],
    ['a recipient of another place', (c) => (c.recipients.recipients[1].index ^= 1), 'recipient-foreign recipients[1]'],
    ['a step of nothing', (c) => (c.steps[0].statement = 'e30.e30.AA'), 'step-malformed steps[0]'],
    ['more than there is', (c) => (c.more = 1), 'case-malformed evidence'],
    ['nothing', (c) => (c.steps = []), 'case-malformed evidence'],
  ])('is refused with %s', (_what, change, expected) => {
    expect(judge()).toBe('ok');
    expect(judge(change)).toBe(expected);
  });

  it('is refused with another list under its own true root', () => {
    const { root, shown } = listOf([told(PORTAL)]);
    expect(judge((c) => (c.recipients = { ...c.recipients, root, recipients: shown }))).toBe(
      'recipients-root recipients',
    );
  });

  it('is refused from a log under a trusted name whose key is another', async () => {
    const steps: Forged[] = await placed(signed, otherLog);
    expect(judge((c) => c.steps.forEach((step: Forged, at: number) => (step.proof = steps[at].proof)))).toBe(
      'step-place steps[0]',
    );
  });

  it.each<[string, string]>([
    ['who may not make such a step', PORTAL],
    ['who has nothing to do with the case', OPERATOR],
    ['the bus itself', FEEDBACK],
  ])('is refused where a decision is signed by %s, though it stands in the log', async (_who, signer) => {
    const { payload } = signed[4] as Statement;
    const forged = [...signed.slice(0, 4), await signedBy(signer, { ...payload })];
    const steps: Forged[] = await placed(forged);
    steps[4].act = honest.steps[4].act;
    expect(judge((c) => Object.assign(c, { steps, recipients: undefined }))).toBe('step-signer steps[4]');
  });
});

function withoutSalt(said: Forged, outcome: string): void {
  said.outcome = outcome;
  delete said.salt;
}

function altered(jws: string): string {
  return `${jws.slice(0, -2)}${jws.endsWith('AA') ? 'QA' : 'AA'}`;
}

function cut(proof: string): string {
  const [head, index, , ...rest] = proof.split('\n');
  return [head, index, ...rest].join('\n');
}

function swap(one: Forged, other: Forged, names: readonly (string | number)[]): void {
  const [a, b] = one === other ? [names[0], names[1]] : [undefined, undefined];
  if (a !== undefined && b !== undefined) [one[a], one[b]] = [one[b], one[a]];
  else for (const name of names) [one[name], other[name]] = [other[name], one[name]];
}
