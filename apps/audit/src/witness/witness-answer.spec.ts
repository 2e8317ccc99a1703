import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkpointText, cosigner, ed25519Seed, EMPTY_ROOT, parseVkey, signatureLine, type NoteKey } from '#tlog';
import { readAnswer } from './witness-answer.js';

const text = checkpointText('audit.test.example/0', 0, EMPTY_ROOT);
const signerOf = (fill: number) => {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, fill));
  return cosigner(`witness.test.example/w${fill}`, publicKey, sign, () => 1_790_000_000);
};
const parsed = parseVkey(signerOf(1).vkey);
const key = (parsed.ok ? parsed.value : undefined) as NoteKey;

describe('readAnswer (audit-log.md §2.6)', () => {
  let good: string;
  let foreign: string;
  let stale: string;
  beforeAll(async () => {
    good = await signatureLine(text, signerOf(1));
    foreign = await signatureLine(text, signerOf(2));
    stale = await signatureLine(checkpointText('audit.test.example/0', 1, EMPTY_ROOT), signerOf(1));
  });
  const read = (status: number, body = '') => readAnswer({ status, body }, text, key);

  it('takes the line of the witness that was asked, among others', () => {
    expect(read(200, `${foreign}\n${good}\n`)).toMatchObject({ kind: 'cosigned', cosignature: { line: good } });
  });

  it('takes no line that is not its own, or for another text', () => {
    for (const body of ['', '<html></html>\n', `${foreign}\n`, `${stale}\n`, good])
      expect(read(200, body)).toEqual({ kind: 'failed', why: 'nonsense' });
  });

  it('reads the size from a 409, and a fork where there is none', () => {
    expect(read(409, '17\n')).toEqual({ kind: 'other-size', size: 17 });
    for (const body of ['', '17', '017\n', '-1\n', '9007199254740992\n', 'x\n'])
      expect(read(409, body)).toEqual({ kind: 'fork', sign: 'size-conflict' });
  });

  it('sees a fork in 422 and 403, and in nothing else', () => {
    expect(read(422)).toEqual({ kind: 'fork', sign: 'inconsistent' });
    expect(read(403)).toEqual({ kind: 'fork', sign: 'signature-refused' });
    expect(read(404)).toEqual({ kind: 'failed', why: 'log-unknown' });
    expect(read(400)).toEqual({ kind: 'failed', why: 'request-refused' });
    for (const status of [201, 204, 301, 401, 413, 429, 500, 502, 503])
      expect(read(status)).toEqual({ kind: 'failed', why: 'turned-away' });
  });
});
