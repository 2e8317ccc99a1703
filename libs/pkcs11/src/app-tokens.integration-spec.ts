import { AppMetrics, createLogger } from '#platform';
import { KeyRing, type TokenKey } from '#signing';
import { eventually, setEnvironment, SoftHsm } from '#testing';
import { openTokens, type AppTokens } from './app-tokens.service.js';

const OWNERS = ['DEMO/GOV/1001/population', 'DEMO/GOV/1001/tax'] as const;

// Skipped where SoftHSM, or a compiler for its binding, cannot be had.
(SoftHsm.canRun() ? describe : describe.skip)('the tokens of an app', () => {
  let hsm: SoftHsm;
  let app: AppTokens;
  let metrics: AppMetrics;
  let logged: Record<string, unknown>[];
  let restore: () => void;

  beforeEach(async () => {
    hsm = await SoftHsm.make();
    restore = setEnvironment(hsm.environment);
    logged = [];
    metrics = new AppMetrics('app');
    const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
    app = openTokens(
      {
        pkcs11Module: hsm.module,
        pkcs11PinFile: hsm.pinFile,
        pkcs11Sessions: 2,
        pkcs11Queue: 100,
        pkcs11TimeoutMs: 20_000,
        pkcs11Environment: ['SOFTHSM2_CONF'],
      },
      metrics,
      createLogger('app', { level: 'info', destination: { write } }),
    );
  });
  afterEach(async () => {
    app.close();
    await hsm.remove();
    restore();
  });

  const watch = (...keys: readonly TokenKey[]) => {
    const files = keys.map((key, n) => [OWNERS[n] ?? '', JSON.stringify({ keys: [key] })] as const);
    const ring = KeyRing.parse(files, app.device);
    app.watch();
    return keys.map((_, n) => ring.signer(OWNERS[n] ?? ''));
  };
  const reading = async () => app.parts[0]?.read();
  const missing = () => app.checks[0]?.missing();

  it('serve with one key that cannot sign beside one that can, and say which', async () => {
    const good = await hsm.addKey('EdDSA');
    const unfit = hsm.addUnfitKey();
    const [signer, other] = watch(good.entry, unfit.entry);
    await eventually(() => other?.trouble?.() === 'key-unusable', { timeoutMs: 20_000 });
    await signer?.sign(Buffer.from('x'));
    await expect(other?.sign(Buffer.from('x'))).rejects.toMatchObject({ details: { reason: 'key-unusable' } });
    expect(signer?.trouble?.()).toBeUndefined();
    expect(await reading()).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('a key of token') as string,
    });
    expect(await missing()).toBeUndefined();
    // Once, however often it was probed: and the token itself never went.
    const said = 'CKR_KEY_FUNCTION_NOT_PERMITTED';
    expect(logged).toMatchObject([{ level: 50, device: 'kerege test', kid: unfit.kid, trouble: 'key-unusable', said }]);
  });

  it('are not there where no key signs, and count each that is refused', async () => {
    const [other] = watch(hsm.addUnfitKey().entry);
    await eventually(() => other?.trouble?.() !== undefined, { timeoutMs: 20_000 });
    expect(await missing()).toContain('key-unusable');
    app.close();
    const before = await refused('token');
    await expect(other?.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'signer-unavailable' });
    expect(await refused('token')).toBe(before + 1);
  });

  it('mind no key that has ended', async () => {
    const good = await hsm.addKey('EdDSA');
    const ended = hsm.addUnfitKey();
    const [signer, other] = watch(good.entry, { ...ended.entry, exp: Math.floor(Date.now() / 1_000) - 1 });
    await eventually(() => signer?.sign(Buffer.from('x')), { timeoutMs: 20_000 });
    await eventually(async () => (await refused('signed')) > 1, { timeoutMs: 20_000 });
    expect(other?.trouble?.()).toBeUndefined();
    expect([(await reading())?.state, logged]).toEqual(['ok', []]);
  });

  async function refused(result: string): Promise<number> {
    const line = new RegExp(`^kerege_token_signatures_total\\{.*result="${result}".*\\} (\\d+)`, 'm');
    return Number(line.exec(await metrics.text())?.[1] ?? 0);
  }
});
