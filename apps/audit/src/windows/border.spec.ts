import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#kernel';
import { generateSigningKey, jwkSigner, parseStatement, signStatement } from '#signing';
import { closedPayload, openedPayload } from './border.js';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const TEXT = `${ORIGIN}\n9\n${Buffer.alloc(32).toString('base64')}\n`;
const log = { vkey: `${ORIGIN}+00000000+AQ`, size: 9, closedHash: Buffer.alloc(32, 7) };

describe('the border between two windows', () => {
  it('is stated soundly on both sides', async () => {
    const signer = jwkSigner(generateSigningKey());
    const closed = await signStatement(closedPayload(9, log.vkey, 1), signer);
    const opened = await signStatement(openedPayload({ ...log, note: `${TEXT}\n— x AAAA\n` }, 2), signer);
    expect(parseStatement(closed.jws)).toMatchObject({ ok: true, value: { payload: { n: 9, ref: log.vkey } } });
    expect(parseStatement(opened.jws)).toMatchObject({
      ok: true,
      value: {
        payload: {
          n: 9,
          ref: log.vkey,
          prev: log.closedHash.toString('base64url'),
          doc: `h0:${sha256(TEXT).toString('base64url')}`,
        },
      },
    });
  });

  it('names the final checkpoint by what is signed, whoever else signs it later', () => {
    const [once, later] = ['— x AAAA\n', '— x AAAA\n— witness BBBB\n'].map(
      (lines) => openedPayload({ ...log, note: `${TEXT}\n${lines}` }, 2).doc,
    );
    expect(once).toBe(later);
  });
});
