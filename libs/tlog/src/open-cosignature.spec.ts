import { describe, expect, it } from '@jest/globals';
import { EMPTY_ROOT } from './hashing.js';
import { openCosignature, parseCosignatures } from './open-cosignature.js';
import { parseVkey, type NoteKey } from './open-note.js';
import {
  checkpointText,
  cosigner,
  ed25519Seed,
  noteSigner,
  signatureLine,
  signNote,
  withSignatureLines,
} from './sign-note.js';

const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 5));
const name = 'witness.example.org/w1';
const witness = cosigner(name, publicKey, sign, () => 1_790_000_000);
const log = noteSigner(name, publicKey, sign);
const keyOf = (vkey: string): NoteKey => {
  const parsed = parseVkey(vkey);
  if (!parsed.ok) throw new TypeError(parsed.reason);
  return parsed.value;
};
const keys = [keyOf(witness.vkey), keyOf(log.vkey)];
const text = checkpointText('audit.example.gov/exchange/2026h2', 0, EMPTY_ROOT);

describe('openCosignature', () => {
  it('tells who saw the checkpoint, and when', async () => {
    const line = await signatureLine(text, witness);
    expect(openCosignature(text, line, keys)).toEqual({
      ok: true,
      value: { key: keys[0], line, seconds: 1_790_000_000 },
    });
    expect(withSignatureLines(await signNote(text, [log]), [line])).toBe(await signNote(text, [log, witness]));
  });

  it('refuses what is no line, of no witness, and for another text', async () => {
    const line = await signatureLine(text, witness);
    const reason = (said: string, about = text, known = keys) => {
      const opened = openCosignature(about, said, known);
      return opened.ok ? 'ok' : opened.reason;
    };
    expect(reason('rubbish')).toBe('malformed-line');
    expect(reason(`${line}\n${line}`)).toBe('malformed-line');
    expect(reason(line, text, [])).toBe('unknown-key');
    expect(reason(await signatureLine(text, log))).toBe('unknown-key');
    expect(reason(line, checkpointText('other.example', 0, EMPTY_ROOT))).toBe('bad-signature');
  });

  it('takes an answer of whole lines only', async () => {
    const line = await signatureLine(text, witness);
    expect(parseCosignatures(`${line}\n`)).toEqual([line]);
    expect(parseCosignatures(`${line}\n${line}\n`)).toHaveLength(2);
    for (const bad of ['', '\n', line, `${line}\n\n`, `<html>\n`, `${line}\n`.repeat(65)])
      expect(parseCosignatures(bad)).toBeUndefined();
  });
});
