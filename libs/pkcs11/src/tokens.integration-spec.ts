import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, setEnvironment, SoftHsm, type SoftHsmKey } from '#testing';
import { KeyRing, signDocument, thumbprint, verifyDocument, type Signer } from '#signing';
import { Tokens } from './tokens.service.js';
import type { Turn } from './held-token.service.js';

const OWNER = 'DEMO/GOV/1001/population';
const UNAVAILABLE = { code: 'signer-unavailable' };

// Skipped where SoftHSM, or a compiler for its binding, cannot be had.
(SoftHsm.canRun() ? describe : describe.skip)('keys in a token', () => {
  let hsm: SoftHsm;
  let tokens: Tokens;
  let turns: Turn[];
  let restore: () => void;

  const open = (changes: { readonly pkcs11TimeoutMs?: number; readonly pkcs11Queue?: number } = {}) => {
    turns = [];
    const tokenSettings = {
      pkcs11Module: hsm.module,
      pkcs11PinFile: hsm.pinFile,
      pkcs11Sessions: 4,
      pkcs11Queue: 1_000,
      pkcs11TimeoutMs: 20_000,
      pkcs11Environment: ['SOFTHSM2_CONF'],
      ...changes,
    };
    const opened = Tokens.of(tokenSettings, { turned: (turn) => turns.push(turn) });
    if (opened === undefined) throw new TypeError('no module');
    return (tokens = opened);
  };
  const signerOf = (key: SoftHsmKey, device = tokens): Signer =>
    KeyRing.parse([[OWNER, JSON.stringify({ keys: [key.entry] })]], device).signer(OWNER);
  const signed = (key: SoftHsmKey, signer: Signer, n = 0) =>
    signDocument('kerege-member+jwt', { n }, signer).then((jws) => verifyDocument('kerege-member+jwt', jws, key.jwk));

  beforeEach(async () => {
    hsm = await SoftHsm.make();
    restore = setEnvironment({ SOFTHSM2_CONF: hsm.configuration });
    open();
  });
  afterEach(async () => {
    tokens.close();
    await hsm.remove();
    restore();
  });

  it.each(['EdDSA', 'ES256'] as const)('sign 200 documents at once by %s, each its own', async (alg) => {
    const key = await hsm.addKey(alg);
    const signer = signerOf(key);
    expect([signer.kid, signer.alg]).toEqual([key.kid, alg]);
    const all = await Promise.all(Array.from({ length: 200 }, (_, n) => signed(key, signer, n)));
    expect(all).toEqual(Array.from({ length: 200 }, (_, n) => ({ ok: true, value: { n } })));
  });

  it.each(['EdDSA', 'ES256'] as const)(
    'show their public half by %s, and nothing of a key that is not whole',
    async (alg) => {
      const key = await hsm.addKey(alg);
      expect(thumbprint(await tokens.publicKey(key.uri))).toBe(key.kid);
      await expect(tokens.publicKey(key.uri.replace(/object=[^;]*/, 'object=none'))).rejects.toMatchObject({
        ...UNAVAILABLE,
        details: { reason: 'key-missing' },
      });
      await expect(tokens.publicKey('pkcs11:object=x')).rejects.toMatchObject({ code: 'key-uri-malformed' });
    },
  );

  it('refuse a wrong PIN once, and try no other before the file has changed', async () => {
    const key = await hsm.addKey('EdDSA');
    await hsm.setPin('0000');
    const signer = signerOf(key);
    tokens.watch();
    await eventually(() => signer.trouble?.() === 'pin-refused');
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject(UNAVAILABLE);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(turns).toMatchObject([{ trouble: 'pin-refused', said: 'CKR_PIN_INCORRECT' }]);
    await hsm.setPin('2468');
    await eventually(() => signer.trouble?.() === undefined, { timeoutMs: 20_000 });
    expect(await signed(key, signer)).toMatchObject({ ok: true });
  });

  it('count what a log-in is refused for as the PIN, whatever the maker calls it', async () => {
    const signer = signerOf(await hsm.addKey('EdDSA'));
    hsm.forgetPin();
    tokens.watch();
    await eventually(() => signer.trouble?.() === 'pin-refused');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(turns).toMatchObject([{ trouble: 'pin-refused', said: 'CKR_USER_PIN_NOT_INITIALIZED' }]);
  });

  it('never sign with a PIN that others may read', async () => {
    const key = await hsm.addKey('EdDSA');
    await chmod(hsm.pinFile, 0o640);
    await expect(signerOf(key).sign(Buffer.from('x'))).rejects.toMatchObject({
      ...UNAVAILABLE,
      details: { reason: 'pin-file-mode' },
    });
  });

  it('are refused at once while the token is pulled, under load, and sign again when it is back', async () => {
    const key = await hsm.addKey('ES256');
    const signer = signerOf(key);
    tokens.watch();
    expect(await signed(key, signer)).toMatchObject({ ok: true });
    let at = 0;
    const outcomes = Array.from({ length: 8 }, async () => {
      const seen: string[] = [];
      while (at < 400) {
        const n = (at += 1);
        if (n === 200) await hsm.pull();
        seen.push(
          await signed(key, signer, n).then(
            ({ ok }) => (ok ? 'signed' : 'wrong'),
            (cause: unknown) => (cause as { code: string }).code,
          ),
        );
        if (signer.trouble?.() !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return seen;
    });
    const seen = (await Promise.all(outcomes)).flat();
    expect(new Set(seen)).toEqual(new Set(['signed', 'signer-unavailable']));
    expect(tokens.state()).toMatchObject([{ waiting: 0, trouble: expect.any(String) as string }]);
    await hsm.putBack();
    await eventually(() => signer.trouble?.() === undefined, { timeoutMs: 20_000 });
    expect(await signed(key, signer)).toMatchObject({ ok: true });
  });

  it('are missed also when nobody signs: an idle token that is pulled is seen', async () => {
    const signer = signerOf(await hsm.addKey('EdDSA'));
    tokens.watch();
    await signer.sign(Buffer.from('x'));
    await hsm.pull();
    await eventually(() => signer.trouble?.() !== undefined, { timeoutMs: 20_000 });
    await hsm.putBack();
    await eventually(() => signer.trouble?.() === undefined, { timeoutMs: 20_000 });
  });

  it('give no signature of another key that took their name', async () => {
    const key = await hsm.addKey('EdDSA', 'first');
    const other = await hsm.addKey('EdDSA', 'second');
    const entry = { ...key.entry, pkcs11: other.uri };
    const signer = signerOf({ ...key, entry });
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({
      ...UNAVAILABLE,
      details: { reason: 'signature-wrong' },
    });
    expect(signer.trouble?.()).toBe('signature-wrong');
  });

  it.each([
    ['SIGSEGV', 'token-crashed'],
    ['SIGSTOP', 'token-silent'],
  ] as const)('outlive a library that ends by %s: %s', async (signal, trouble) => {
    const key = await hsm.addKey('EdDSA');
    tokens.close();
    open({ pkcs11TimeoutMs: 1_500 });
    const signer = signerOf(key);
    tokens.watch();
    await eventually(() => signer.sign(Buffer.from('x')), { timeoutMs: 20_000 });
    for (const pid of await tokenProcesses()) process.kill(pid, signal);
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({ ...UNAVAILABLE, details: { reason: trouble } });
    await eventually(() => signed(key, signer), { timeoutMs: 20_000 });
    expect(turns[0]?.trouble).toBe(trouble);
    expect(signer.trouble?.()).toBeUndefined();
  });

  it('say that there is no library, or no token in it', async () => {
    const key = await hsm.addKey('EdDSA');
    const none = Tokens.of(settingsWith(hsm, join(hsm.dir, 'none.so')));
    await expect(signerOf(key, none).sign(Buffer.from('x'))).rejects.toMatchObject({
      ...UNAVAILABLE,
      details: { reason: 'module-unusable' },
    });
    none?.close();
    await hsm.pull();
    await expect(signerOf(key).sign(Buffer.from('x'))).rejects.toMatchObject({
      ...UNAVAILABLE,
      details: { reason: 'token-missing' },
    });
  });

  it('hold no more than their queue, and no longer than their time', async () => {
    const key = await hsm.addKey('EdDSA');
    tokens.close();
    open({ pkcs11Queue: 3, pkcs11TimeoutMs: 50 });
    const signer = signerOf(key);
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => signer.sign(Buffer.from('x'))));
    const reasons = all.map((one) =>
      one.status === 'rejected' ? (one.reason as { details: { reason: string } }).details.reason : 'signed',
    );
    expect(reasons.slice(3)).toEqual(['queue-full', 'queue-full']);
  });
});

function settingsWith(hsm: SoftHsm, module: string) {
  return {
    pkcs11Module: module,
    pkcs11PinFile: hsm.pinFile,
    pkcs11Sessions: 1,
    pkcs11Queue: 10,
    pkcs11TimeoutMs: 5_000,
    pkcs11Environment: ['SOFTHSM2_CONF'],
  };
}

/** Processes of ours that hold a token. */
async function tokenProcesses(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [line, status] = await Promise.all(
        ['cmdline', 'status'].map((file) => readFile(join('/proc', pid, file), 'utf8').catch(() => '')),
      );
      const isOurs = status?.includes(`PPid:\t${process.pid}\n`) === true;
      return isOurs && line?.includes('token.worker') === true ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
