import { describe, expect, it } from '@jest/globals';
import { checkpointText, cosigner, ed25519Seed, EMPTY_ROOT, parseVkey, signatureLine } from '#tlog';
import { cosignatureCheck } from './anchor-check.js';

const NOW_S = 1_790_000_000;
const TEXT = checkpointText('audit.test.example/TEST/0/2026h2', 0, EMPTY_ROOT);

function witnessOf(name: string, seed: number, seconds = NOW_S) {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, seed));
  return cosigner(name, publicKey, sign, () => seconds);
}

const w1 = witnessOf('w1.example', 1);
const parsed = parseVkey(w1.vkey);
const check = cosignatureCheck(parsed.ok ? [parsed.value] : [], () => NOW_S * 1_000);
const verdict = (line: string | Buffer, source = 'w1.example', text = TEXT) =>
  check.judge({ size: 0, kind: 'cosignature', source, data: Buffer.from(line) }, text);

describe('a stored cosignature', () => {
  it('is good as its witness made it, of that text, in its name', async () => {
    const line = await signatureLine(TEXT, w1);
    expect(verdict(line)).toBe('good');
    expect(verdict(line, 'w1.example', TEXT.replace('\n0\n', '\n1\n'))).toBe('wrong');
    expect(verdict(line, 'w2.example')).toBe('wrong');
    expect(verdict(`${line}\n`)).toBe('wrong');
  });

  it('is wrong with a time that is still to come, and with none', async () => {
    expect(verdict(await signatureLine(TEXT, witnessOf('w1.example', 1, NOW_S + 299)))).toBe('good');
    expect(verdict(await signatureLine(TEXT, witnessOf('w1.example', 1, NOW_S + 301)))).toBe('wrong');
    expect(verdict(await signatureLine(TEXT, witnessOf('w1.example', 1, 0)))).toBe('wrong');
  });

  it('is told as untrusted by another key of a known witness, and not judged of one that the policy does not name', async () => {
    expect(verdict(await signatureLine(TEXT, witnessOf('w1.example', 2)))).toBe('untrusted');
    expect(verdict(await signatureLine(TEXT, witnessOf('w2.example', 1)), 'w2.example')).toBeUndefined();
  });
});
