import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sha256 } from '#kernel';
import { timeRequest } from '../../apps/audit/src/trusted-time/time-request.js';
import { checkToken, timeOf } from '../../apps/audit/src/trusted-time/time-token.js';
import { parseRoots } from '../../apps/audit/src/trusted-time/token-certificates.js';
import { hasOpenssl, responseOf, TimeLab } from './time-lab.js';

jest.setTimeout(300_000);

const TEXT = 'audit.test.example/TEST/0/2026h2\n8\nymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=\n';
const request = timeRequest(Buffer.from(TEXT));

let lab: TimeLab;
let root: string;
beforeAll(() => {
  if (!hasOpenssl) return;
  lab = new TimeLab();
  root = lab.root('root');
  lab.authority('ec', 'root');
  lab.authority('rsa', 'root', { rsa: true });
});
afterAll(() => (hasOpenssl ? lab.close() : undefined));

/** To parse a root takes as long as the rest of a check; it is never changed by one. */
const rootsOf = new Map<string, ReturnType<typeof parseRoots>>();

const verdict = async (response: Buffer, changes: { roots?: string; nowMs?: number } = {}): Promise<string> => {
  const { roots = root, nowMs = Date.now() } = changes;
  if (!rootsOf.has(roots)) rootsOf.set(roots, parseRoots(roots));
  const checked = await checkToken(response, { request, roots: rootsOf.get(roots) ?? [], nowMs });
  return checked.ok ? 'good' : checked.reason;
};

// Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
(hasOpenssl ? describe : describe.skip)('a token that OpenSSL made (audit-log.md §5)', () => {
  it.each(['ec', 'rsa'])('of a key of kind %s is taken by us and by openssl ts -verify', async (name) => {
    const response = lab.reply(name, request.der);
    expect(await verdict(response)).toBe('good');
    expect(lab.verifies(TEXT, response, root)).toBe(true);
    expect(Math.abs((timeOf(response) ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('is taken with an intermediate that it brings along, and not without', async () => {
    lab.intermediate('inter', 'root');
    lab.authority('under', 'inter', { certs: 'inter' });
    lab.authority('bare', 'inter');
    const response = lab.reply('under', request.der);
    expect(await verdict(response)).toBe('good');
    expect(lab.verifies(TEXT, response, root)).toBe(true);
    expect(await verdict(lab.reply('bare', request.der))).toBe('token-chain');
  });

  it('is taken in the form in which specs sign anew, so that what they refuse is refused for its fault alone', async () => {
    const good = lab.reply('ec', request.der);
    expect(await verdict(lab.resigned(good, 'ec'))).toBe('good');
  });

  it('is refused for another text, another nonce, none, or a time that is not now', async () => {
    const other = timeRequest(Buffer.from(TEXT.replace('8', '9')), request.nonce);
    expect(await verdict(lab.reply('ec', other.der))).toBe('token-imprint');
    expect(await verdict(lab.reply('ec', timeRequest(Buffer.from(TEXT)).der))).toBe('token-nonce');
    expect(await verdict(lab.reply('ec', lab.query('-sha256', '-cert')))).toBe('token-imprint');
    const response = lab.reply('ec', request.der);
    expect(await verdict(response, { nowMs: Date.now() + 6 * 60_000 })).toBe('token-time');
    expect(await verdict(response, { nowMs: Date.now() - 6 * 60_000 })).toBe('token-time');
  });

  it('is refused from a root that is not ours, also one of the same name, and from one that has expired', async () => {
    const response = lab.reply('ec', request.der);
    const stranger = new TimeLab();
    expect(await verdict(response, { roots: stranger.root('root') })).toBe('token-chain');
    stranger.close();
    const old = lab.root('old-root', -1);
    lab.authority('under-old', 'old-root');
    expect(await verdict(lab.reply('under-old', request.der), { roots: old })).toBe('token-chain');
  });

  it('is refused at a time outside its certificate’s validity, as openssl ts -verify does', async () => {
    lab.authority('expired', 'root', { days: -1 });
    const response = lab.resigned(lab.reply('ec', request.der), 'expired');
    expect(await verdict(response)).toBe('token-certificate-time');
    expect(lab.verifies(TEXT, response, root)).toBe(false);
  });

  it.each([
    ['none', ''],
    ['not critical', 'timeStamping'],
    ['not alone', 'critical,timeStamping,codeSigning'],
    ['another', 'critical,codeSigning'],
  ])('is refused from a certificate whose purpose is %s', async (what, purpose) => {
    const name = `purpose-${what.replace(' ', '-')}`;
    lab.authority(name, 'root', { purpose });
    expect(await verdict(lab.resigned(lab.reply('ec', request.der), name))).toBe('token-certificate-purpose');
  });

  it('is refused if it does not name its certificate', async () => {
    const response = lab.resigned(lab.reply('ec', request.der), 'ec', { isBound: false });
    expect(await verdict(response)).toBe('token-certificate-binding');
  });

  it('is no token if the authority refused, left its certificate out, or said something else', async () => {
    const refused = lab.reply('ec', lab.query('-sha512', '-cert'));
    expect(await verdict(refused)).toBe('request-refused');
    expect(await verdict(lab.reply('ec', lab.query('-sha256')))).toBe('token-form');
    expect(await verdict(Buffer.from('<html>'))).toBe('response-unreadable');
    expect(await verdict(Buffer.alloc(0))).toBe('response-unreadable');
    expect(await verdict(responseOf(Buffer.from('0500', 'hex')))).toBe('response-unreadable');
    expect(await verdict(Buffer.concat([lab.reply('ec', request.der), Buffer.alloc(1)]))).toBe('response-unreadable');
  });

  it.each(['ec', 'rsa'])('is refused, also by openssl ts -verify, where its words are changed (%s)', async (name) => {
    const response = lab.reply(name, request.der);
    const certificate = Buffer.from(lab.pem(name).replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const regions: Record<string, [from: number, length: number]> = {
      imprint: [response.indexOf(sha256(Buffer.from(TEXT))), 32],
      time: [response.toString('latin1').search(/20\d{12}(?:\.\d+)?Z/), 14],
      certificate: [response.indexOf(certificate), certificate.length],
      signature: [response.length - 24, 24],
    };
    for (const [region, [from, length]] of Object.entries(regions))
      for (const at of [from, from + (length >> 1), from + length - 1]) {
        expect([region, from > 0]).toEqual([region, true]);
        const changed = Buffer.from(response);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const isTaken = { ours: (await verdict(changed)) === 'good', openssl: lab.verifies(TEXT, changed, root) };
        expect({ region, at: at - from, ...isTaken }).toEqual({ region, at: at - from, ours: false, openssl: false });
      }
  });

  it('is refused after an issuer’s signature is said to end before its last bit', async () => {
    lab.intermediate('issuer', 'root');
    lab.authority('issued', 'issuer', { certs: 'issuer' });
    const response = lab.reply('issued', request.der);
    expect(await verdict(response)).toBe('good');
    let changes = 0;
    for (let at = 2; at < response.length; at += 1) {
      // BIT STRING of a SEQUENCE: an ECDSA signature in a certificate. Half of them end in a 0, which may be left out.
      if (response[at - 2] !== 0x03 || response[at] !== 0x00 || response[at + 1] !== 0x30) continue;
      for (const unused of [1, 2, 3, 7]) {
        const changed = Buffer.from(response);
        changed[at] = unused;
        expect([at, await verdict(changed)]).not.toEqual([at, 'good']);
        changes += 1;
      }
    }
    expect(changes).toBe(8);
  });

  it('is refused after its integers’ tags are changed, which parsers overlook', async () => {
    const response = lab.reply('ec', request.der);
    for (const [at, octet] of response.entries()) {
      if (octet !== 0x02) continue;
      const changed = Buffer.from(response);
      changed[at] = 0x0a;
      expect([at, await verdict(changed)]).not.toEqual([at, 'good']);
    }
  });
});
