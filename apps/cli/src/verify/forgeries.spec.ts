import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkpointText,
  ed25519Seed,
  encodeTlogProof,
  GrowingTree,
  leafHash,
  makeVkey,
  noteSigner,
  signNote,
} from '#tlog';
import {
  buildEvidence,
  bytesOf,
  CONSUMER,
  keys,
  logSigner,
  memberOf,
  trustOf,
} from '../../../../test/conformance/evidence-sample.js';
import { verifyEvidence } from './index.js';

/** Files that somebody composes with care, not by accident. */
type Document = Awaited<ReturnType<typeof buildEvidence>>;
let evidence: Document;
beforeAll(async () => void (evidence = await buildEvidence()));

function judge(change: (copy: Document) => void, trust = trustOf()): string {
  const copy: Document = structuredClone(evidence);
  change(copy);
  const result = verifyEvidence(bytesOf(copy), trust);
  return result.ok ? 'ok' : `${result.reason.code} ${result.reason.where}`;
}

describe('the form of evidence', () => {
  it('has one spelling', () => {
    const text = JSON.stringify(evidence);
    const spellings = [
      JSON.stringify(evidence, null, 1),
      text.replace('"v":1', '"v":1.0'),
      text.replace('"v":1', '"v":1,"v":1'),
      text.replace('GET', '\\u0047ET'),
      text.replace('caf\u00e9', 'caf\\u00e9'),
      text.replace('"salt"', '"sal\\u0074"'),
      `\ufeff${text}`,
    ];
    for (const spelling of spellings) expect(verifyEvidence(Buffer.from(spelling), trustOf()).ok).toBe(false);
    const { salt, ...rest } = evidence;
    expect(judge(() => undefined)).toBe('ok');
    expect(verifyEvidence(bytesOf({ ...rest, salt }), trustOf())).toMatchObject({
      reason: { code: 'evidence-not-canonical' },
    });
  });

  it('knows no further members and no missing ones', () => {
    expect(judge((copy) => (copy['more'] = 1))).toBe('evidence-malformed evidence');
    expect(judge((copy) => delete copy['openings'])).toBe('evidence-malformed evidence');
    expect(judge((copy) => (copy['statements'][0].more = 1))).toBe('evidence-malformed evidence');
    expect(judge((copy) => (copy['v'] = 2))).toBe('evidence-malformed evidence');
    for (const text of ['', 'null', '[]', '1', '"x"', '{"v":1}'])
      expect(verifyEvidence(Buffer.from(text), trustOf()).ok).toBe(false);
  });
});

describe('proofs', () => {
  const proofOf = (copy: Document): { proof: string } => copy['statements'][0];
  const where = 'statements[0]';

  it('hold no extra line, although C2SP allows one', () => {
    expect(judge((copy) => (proofOf(copy).proof = proofOf(copy).proof.replace('\nindex', '\nextra AQI=\nindex')))).toBe(
      `proof-malformed ${where}`,
    );
  });

  it('hold no signature line but the log’s own, although C2SP ignores others', async () => {
    const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
    const line = (await signNote('x\n', [noteSigner('witness.example/w', publicKey, sign)])).split('\n').at(-2) ?? '';
    expect(judge((copy) => (proofOf(copy).proof += `${line}\n`))).toBe(`checkpoint-malformed ${where}`);
    const own = proofOf(evidence).proof.split('\n').at(-2) ?? '';
    expect(judge((copy) => (proofOf(copy).proof += `${own}\n`))).toBe(`checkpoint-malformed ${where}`);
  });

  it('count under the signature of a log that is trusted for that very origin only', async () => {
    const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
    const other = noteSigner('other.example/log', publicKey, sign);
    const logs = [logSigner.vkey, makeVkey(other.name, publicKey)];
    const text = (note: string): string => note.slice(0, note.indexOf('\n\n') + 1);
    const [head, note] = splitProof(proofOf(evidence).proof);
    const resigned = await signNote(text(note), [other]);
    expect(judge((copy) => (proofOf(copy).proof = head + resigned), trustOf({ logs }))).toBe(
      `checkpoint-malformed ${where}`,
    );
    const moved = await signNote(text(note).replace(logSigner.name, other.name), [other]);
    expect(judge((copy) => (proofOf(copy).proof = head + moved), trustOf({ logs }))).toBe(
      // No manifest of that log is here.
      'manifest-governing statements[0]',
    );
  });

  it('refuse a checkpoint of another root, even signed by the log', async () => {
    const [head, note] = splitProof(proofOf(evidence).proof);
    const size = Number(note.split('\n')[1]);
    const other = await signNote(checkpointText(logSigner.name, size, Buffer.alloc(32, 1)), [logSigner]);
    expect(judge((copy) => (proofOf(copy).proof = head + other))).toBe(`proof-inclusion ${where}`);
  });

  it('refuse two trees of one size under one name: each proof is good, but the log is forked', async () => {
    const size = Number(splitProof(proofOf(evidence).proof)[1].split('\n')[1]);
    const { jws } = evidence['manifests'][0];
    const fork = [jws, ...Array.from({ length: size - 1 }, (_, at) => `fork-${at}`)];
    const tree = GrowingTree.empty().extend(fork.map((body) => leafHash(Buffer.from(body))));
    const checkpoint = await signNote(checkpointText(logSigner.name, size, tree.root), [logSigner]);
    const proof = encodeTlogProof({ index: 0, path: tree.path(0), checkpoint });
    expect(judge((copy) => (copy['manifests'][0].proof = proof))).toBe('log-forked proofs');
  });
});

describe('members', () => {
  it('stand in order, once, in the version that the manifest names', async () => {
    expect(judge((copy) => copy['members'].reverse())).toBe('member-not-listed members[1]');
    expect(judge((copy) => copy['members'].push(copy['members'][1]))).toBe('member-not-listed members[2]');
    const forged = await memberOf('DEMO/GOV/1000', [keys.consumerMember], { subsystems: [], instances: [] });
    expect(judge((copy) => (copy['members'][0] = forged))).toBe('member-not-listed members[0]');
    expect(judge((copy) => copy['members'][0].keyChain.pop())).toBe('member-not-listed members[0]');
  });

  it('are needed where their key signed', () => {
    expect(judge((copy) => copy['members'].shift())).toBe('statement-signer statements[0]');
    expect(judge((copy) => copy['members'].pop())).toBe('statement-signer statements[1]');
  });
});

describe('statements and disclosures', () => {
  it('begin with the request, without repetition', () => {
    expect(judge((copy) => copy['statements'].reverse())).toBe('statement-malformed statements[0]');
    expect(judge((copy) => copy['statements'].push(copy['statements'][1]))).toBe('statement-signer statements[2]');
    expect(judge((copy) => copy['statements'].push(copy['statements'][0]))).toBe(
      'statement-not-a-sequel statements[2]',
    );
  });

  it('show the answer that was stated, and none that was not', () => {
    expect(judge((copy) => (copy['answer'].status = 201))).toBe('answer-digest answer');
    expect(judge((copy) => copy['statements'].pop())).toBe('answer-digest answer');
  });

  it('may lack the answer that a gateway lost, and say so', () => {
    const result = verifyEvidence(bytesOf({ ...evidence, answer: null }), trustOf());
    expect(result.ok && result.value.unchecked).toContain('the answer: its head is not in this file');
    expect(result.ok && result.value.checked).not.toContain('head of the answer and digest of its body');
  });

  it('open each commitment once, for the right person and kind', () => {
    const opening = (copy: Document): Record<string, unknown> => copy['openings'][0];
    expect(judge((copy) => (opening(copy)['code'] = 'TEST000002'))).toBe('opening openings[0]');
    expect(judge((copy) => (opening(copy)['kind'] = 'user'))).toBe('opening openings[0]');
    expect(judge((copy) => (opening(copy)['index'] = 1))).toBe('opening openings[0]');
    expect(judge((copy) => (opening(copy)['statement'] = 7))).toBe('opening openings[0]');
    expect(judge((copy) => copy['openings'].push(opening(copy)))).toBe('opening openings[1]');
  });

  it('say how many commitments stay closed', () => {
    const result = verifyEvidence(bytesOf({ ...evidence, openings: [] }), trustOf());
    expect(result.ok && result.value.unchecked).toContain('1 commitments whose openings are not in this file');
    expect(result.ok && result.value.consumer).toBe(CONSUMER);
  });
});

function splitProof(proof: string): [string, string] {
  const at = proof.indexOf('\n\n') + 2;
  return [proof.slice(0, at), proof.slice(at)];
}
