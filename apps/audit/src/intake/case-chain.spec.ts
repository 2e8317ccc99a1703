import { describe, expect, it } from '@jest/globals';
import { newExchangeId, toBase64Url } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type Statement, type StatementPayload } from '#signing';
import { decide, slotKey, xidOf, type PlannedStamp } from './decide.js';
import { readStamp } from './stamp.js';

const NOW = Date.UTC(2026, 10, 27);
const PORTAL = 'TEST/GOV/1000/mygov';
const OWNER = 'TEST/GOV/1001/civil';
const OTHER = 'TEST/GOV/1002/migration';
const FEEDBACK = 'TEST/feedback-1';
const DOC = `h1:${Buffer.alloc(32, 1).toString('base64url')}`;
const key = jwkSigner(generateSigningKey());
const id = newExchangeId();

const base = { v: 1, id, ts: NOW, from: PORTAL, to: OWNER } as const;
const sign = (fields: object) => signStatement({ ...base, ...fields } as unknown as StatementPayload, key);
const submitted = (fields: object = {}) =>
  sign({ t: 'correction.submitted', seq: 1, was: 'DRAFT', now: 'SUBMITTED', subj: [], doc: DOC, ...fields });
const routed = (before: Statement, fields: object = {}) =>
  sign({
    t: 'correction.routed',
    seq: 2,
    was: 'SUBMITTED',
    now: 'ROUTED',
    prev: toBase64Url(before.leafHash),
    ...fields,
  });
const received = (before: Statement, fields: object = {}) =>
  sign({
    t: 'correction.received',
    seq: 3,
    was: 'ROUTED',
    now: 'RECEIVED',
    prev: toBase64Url(before.leafHash),
    doc: DOC,
    ...fields,
  });

/** As a batch finds it whose signatures hold. */
function open(statement: Statement, signer: string): PlannedStamp {
  const value = Buffer.from(statement.jws);
  const stamp = readStamp({ offset: 0n, timestampMs: NOW, value, replies: [] });
  const seq = 'seq' in statement.payload ? statement.payload.seq : 0;
  return { kind: 'open', stamp, replies: [], statement, party: { slot: `s${seq}`, signer }, signature: 0 };
}

function kinds(planned: readonly PlannedStamp[], taken: Parameters<typeof decide>[1]['taken'] = new Map()) {
  const verdicts = decide(planned, { size: 7, signatures: [1], taken, admits: () => true });
  return verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.reason : verdict.kind));
}

describe('the transitions of a case', () => {
  it('stand one behind the other, each naming the one before', async () => {
    const first = await submitted();
    const second = await routed(first);
    const third = await received(second);
    expect(kinds([open(first, PORTAL), open(second, FEEDBACK), open(third, OWNER)])).toEqual(['new', 'new', 'new']);
    expect(kinds([open(first, PORTAL), open(third, OWNER)])).toEqual(['new', 'case-chain']);
    const astray = await received(first);
    expect(kinds([open(first, PORTAL), open(second, FEEDBACK), open(astray, OWNER)])).toEqual([
      'new',
      'new',
      'case-chain',
    ]);
  });

  it('are decided the same when the one before stands already', async () => {
    const first = await submitted();
    const leaf = { xid: xidOf(first), slot: 's1', signer: PORTAL, leafHash: first.leafHash, index: 3 };
    const taken = new Map([[slotKey(id, leaf), { ...leaf, parties: `${PORTAL} ${OWNER}` }]]);
    expect(kinds([open(await routed(first), FEEDBACK)], taken)).toEqual(['new']);
    expect(
      kinds([open(await routed(await submitted({ doc: DOC, now: 'SUBMITTED', ts: 9 })), FEEDBACK)], taken),
    ).toEqual(['case-chain']);
  });

  it('have one of each number, whoever signs: the first that comes', async () => {
    const first = await submitted();
    const second = await routed(first);
    const third = await received(second);
    const withdrawn = await sign({
      t: 'correction.withdrawn',
      seq: 3,
      was: 'ROUTED',
      now: 'WITHDRAWN',
      prev: toBase64Url(second.leafHash),
    });
    const before = [open(first, PORTAL), open(second, FEEDBACK)];
    expect(kinds([...before, open(withdrawn, PORTAL), open(third, OWNER)]).slice(2)).toEqual(['new', 'taken']);
    expect(kinds([...before, open(third, OWNER), open(withdrawn, PORTAL)]).slice(2)).toEqual(['new', 'taken']);
  });

  it('are by the parties of the one before; others come in by feedback alone', async () => {
    const first = await submitted();
    const second = await routed(first);
    const before = [open(first, PORTAL), open(second, FEEDBACK)];
    const foreign = await received(second, { to: OTHER });
    expect(kinds([...before, open(foreign, OTHER)]).slice(2)).toEqual(['case-chain']);
    const moved = await routed(first, { to: OTHER });
    expect(
      kinds([open(first, PORTAL), open(moved, FEEDBACK), open(await received(moved, { to: OTHER }), OTHER)]),
    ).toEqual(['new', 'new', 'new']);
  });
});
