import { describe, expect, it } from '@jest/globals';
import { EMPTY_ROOT } from './hashing.js';
import { openNote, openSignedNote, parseVkey, trimNote, type NoteKey } from './open-note.js';
import { checkpointText, cosigner, ed25519Seed, makeVkey, noteSigner, signNote } from './sign-note.js';

const logSeed = ed25519Seed(Buffer.from(Array.from({ length: 32 }, (_, at) => at)));
const otherSeed = ed25519Seed(Buffer.alloc(32, 7));
const origin = 'audit.example.gov/exchange/2026h2';
const log = noteSigner(origin, logSeed.publicKey, logSeed.sign);
const other = noteSigner('other.example/log', otherSeed.publicKey, otherSeed.sign);
const witness = cosigner('witness.example.org/w1', otherSeed.publicKey, otherSeed.sign, () => 1_790_000_000);
const text = checkpointText(origin, 0, EMPTY_ROOT);

function key(vkey: string): NoteKey {
  const parsed = parseVkey(vkey);
  if (!parsed.ok) throw new TypeError(parsed.reason);
  return parsed.value;
}

const logKey = key(log.vkey);
const witnessKey = key(witness.vkey);

describe('parseVkey', () => {
  it('refuses a wrong key ID, an unknown type, a short key and what is no vkey', () => {
    const reason = (vkey: string): string => {
      const parsed = parseVkey(vkey);
      return parsed.ok ? 'ok' : parsed.reason;
    };
    expect(reason(log.vkey)).toBe('ok');
    expect(reason(log.vkey.replace('+afbaca12+', '+afbaca13+'))).toBe('wrong-key-id');
    expect(reason(log.vkey.replace(origin, 'x'))).toBe('wrong-key-id');
    expect(reason(makeVkey('a', Buffer.alloc(32), 6))).toBe('unknown-key-type');
    expect(reason(makeVkey('a', Buffer.alloc(31)))).toBe('malformed-vkey');
    expect(reason('a b+afbaca12+AQ==')).toBe('malformed-vkey');
    expect(reason('')).toBe('malformed-vkey');
  });
});

describe('trimNote', () => {
  it('keeps the lines of the keys that are named, each once, and nothing else', async () => {
    const note = await signNote(text, [other, log, log, witness]);
    expect(trimNote(note, [logKey])).toBe(await signNote(text, [log]));
    expect(trimNote(note, [logKey, witnessKey])).toBe(await signNote(text, [log, witness]));
    expect(trimNote(await signNote(text, [log]), [logKey, witnessKey])).toBeUndefined();
    expect(trimNote('rubbish', [logKey])).toBeUndefined();
  });
});

describe('openNote', () => {
  it('opens what the log signed and names the tree', async () => {
    const opened = openNote(await signNote(text, [log, witness]), [logKey, witnessKey]);
    expect(opened).toMatchObject({ ok: true, value: { origin, size: 0, root: EMPTY_ROOT, text } });
    expect(opened.ok && opened.value.signers).toEqual([logKey, witnessKey]);
  });

  it('ignores lines of unknown keys but never opens by them alone', async () => {
    const note = await signNote(text, [other, log]);
    expect(openNote(note, [logKey]).ok).toBe(true);
    expect(openNote(await signNote(text, [other]), [logKey])).toEqual({ ok: false, reason: 'no-trusted-signature' });
  });

  it('is refused whole for one bad line of a known key', async () => {
    const good = await signNote(text, [log, witness]);
    const cosigned = await signNote(checkpointText(origin, 1, EMPTY_ROOT), [witness]);
    const stale = cosigned.slice(cosigned.indexOf('\u2014'));
    const mixed = (await signNote(text, [log])) + stale;
    expect(openNote(good, [logKey, witnessKey]).ok).toBe(true);
    expect(openNote(mixed, [logKey, witnessKey])).toEqual({ ok: false, reason: 'bad-signature' });
    expect(openNote(mixed, [logKey]).ok).toBe(true);
  });

  it('counts a repeated line once', async () => {
    const note = await signNote(text, [log, log]);
    const opened = openNote(note, [logKey]);
    expect(opened.ok && opened.value.signers).toEqual([logKey]);
  });

  it('needs the signature of the log that the origin names, not of a witness or of another trusted log', async () => {
    expect(openNote(await signNote(text, [witness]), [logKey, witnessKey])).toEqual({
      ok: false,
      reason: 'foreign-origin',
    });
    expect(openNote(await signNote(text, [other]), [logKey, key(other.vkey)])).toEqual({
      ok: false,
      reason: 'foreign-origin',
    });
  });

  it('refuses every form that Go refuses', async () => {
    const note = await signNote(text, [log]);
    const line = note.slice(note.indexOf('\u2014'));
    const malformed = [
      '',
      text,
      `${text}\n`,
      note.slice(0, -1),
      note.replace('\u2014 ', '- '),
      note.replace('\u2014 ', '\u2014  '),
      `${note}\n`,
      note.replace('\n0\n', '\n0\t\n'),
      `${text}\n${line.replace(/ [^ ]+\n$/u, ' AAAA\n')}`,
      `${text}\n${line.repeat(101)}`,
      `${text}\n${line.replace(/=\n$/u, '\n')}`,
    ];
    for (const bad of malformed) expect(openNote(bad, [logKey])).toEqual({ ok: false, reason: 'malformed-note' });
    const invalid = Buffer.concat([Buffer.from([0xff]), Buffer.from(note)]);
    expect(openNote(invalid, [logKey])).toEqual({ ok: false, reason: 'malformed-note' });
    expect(openNote(Buffer.from(note), [logKey]).ok).toBe(true);
  });

  it('refuses texts that are no checkpoint of ours, even well signed', async () => {
    const root = EMPTY_ROOT.toString('base64');
    const texts = [
      `${origin}\n`,
      `${origin}\n00\n${root}\n`,
      `${origin}\n-1\n${root}\n`,
      `${origin}\n9007199254740992\n${root}\n`,
      `${origin}\n0\n${root.slice(0, -4)}\n`,
      `${origin}\n0\n${root}\nextension\n`,
    ];
    for (const bad of texts) {
      const note = await signNote(bad, [log]);
      expect(openSignedNote(note, [logKey]).ok).toBe(true);
      expect(openNote(note, [logKey])).toEqual({ ok: false, reason: 'malformed-checkpoint' });
    }
  });

  it('binds the witness time: another time in the line is another message', async () => {
    const note = await signNote(text, [log, witness]);
    const lines = note.split('\n');
    const [mark = '', name = '', blob = ''] = (lines.at(-2) ?? '').split(' ');
    const bytes = Buffer.from(blob, 'base64');
    bytes.writeBigUInt64BE(1_790_000_001n, 4);
    const forged = [...lines.slice(0, -2), `${mark} ${name} ${bytes.toString('base64')}`, ''].join('\n');
    expect(openNote(forged, [logKey, witnessKey])).toEqual({ ok: false, reason: 'bad-signature' });
  });
});
