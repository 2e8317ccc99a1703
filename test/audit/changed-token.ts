import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { timeRequest } from '../../apps/audit/src/trusted-time/time-request.js';
import { checkToken, tokenReasons } from '../../apps/audit/src/trusted-time/time-token.js';
import { parseRoots } from '../../apps/audit/src/trusted-time/token-certificates.js';
import { hasOpenssl, TimeLab } from './time-lab.js';

const TEXT = 'audit.test.example/TEST/0/2026h2\n8\nymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=\n';

/**
 * Every byte of a token is changed by one bit, and none of them is taken. To judge one takes as long as many a spec: each
 * kind of key has a file, so that they are judged side by side.
 */
export function everyByteOfToken(kind: 'ec' | 'rsa'): void {
  jest.setTimeout(300_000);
  const request = timeRequest(Buffer.from(TEXT));
  let lab: TimeLab;
  let roots: NonNullable<ReturnType<typeof parseRoots>>;
  beforeAll(() => {
    if (!hasOpenssl) return;
    lab = new TimeLab();
    roots = parseRoots(lab.root('root')) ?? [];
    lab.authority(kind, 'root', { rsa: kind === 'rsa' });
  });
  afterAll(() => (hasOpenssl ? lab.close() : undefined));

  // Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
  (hasOpenssl ? describe : describe.skip)(`a token by a key of kind ${kind}`, () => {
    it('is refused with a coded reason after any byte is changed', async () => {
      const response = lab.reply(kind, request.der);
      const nowMs = Date.now();
      const verdict = async (bytes: Buffer): Promise<string> => {
        const checked = await checkToken(bytes, { request, roots, nowMs });
        return checked.ok ? 'good' : checked.reason;
      };
      expect(await verdict(response)).toBe('good');
      const reasons = new Map<string, number>();
      for (let at = 0; at < response.length; at += 1) {
        const changed = Buffer.from(response);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        const reason = await verdict(changed);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        // Where the change was not seen, for whoever looks at a failure.
        if (reason === 'good') reasons.set(`good at ${at}`, response[at] ?? 0);
      }
      const known: readonly string[] = tokenReasons;
      expect([...reasons.keys()].filter((reason) => !known.includes(reason))).toEqual([]);
      expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBe(response.length);
    });
  });
}
