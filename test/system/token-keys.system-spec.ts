import { dirname, join } from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, setEnvironment, SoftHsm, type SoftHsmKey } from '#testing';
import { LogReader } from '../fault/ledger/log-reader.js';
import {
  evidenceOf,
  kerege,
  ledger,
  LEGAL,
  PERSONS,
  startBus,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(15 * 60_000);

const BODY = JSON.stringify({ pin: 'TEST000001', familyName: 'Testzade-001', birthDate: '1977-02-08' });
const CALLERS = 4;

interface Told {
  readonly status: number;
  readonly exchangeId: string;
  readonly retryAfter: string | null;
  readonly code: string | undefined;
}

// Skipped where SoftHSM, or a compiler for its binding, cannot be had.
(SoftHsm.canRun() ? describe : describe.skip)('a consumer whose key lies in a token', () => {
  let hsm: SoftHsm;
  let key: SoftHsmKey;
  let bus: BusUnderTest;
  let restore: () => void;
  const answered: Told[] = [];
  /** What agencies had had of anybody before the first of our calls. */
  let earlier: number;

  beforeAll(async () => {
    hsm = await SoftHsm.make();
    key = await hsm.addKey('ES256');
    // For the command line, which brings the key into the file and publishes it, and for the library.
    restore = setEnvironment(hsm.settings);
    const gateway = { ...hsm.settings, KEREGE_PKCS11_TIMEOUT_MS: '20000' };
    const agencies = { KEREGE_AGENCY_LEDGER_SIZE: '100000' };
    bus = await startBus({ mode: 'one-process', env: { gateway, agencies } });
    const { definitionFile, keysDir, registryUrl, gatewayUrl } = bus.instance;
    const added = await kerege(['keys', 'add', LEGAL, '--pkcs11', key.uri, '--keys', keysDir], keysDir);
    expect(added).toEqual({ code: 0, output: expect.stringContaining(key.kid) });
    await bus.instance.terminate('fallback');
    await eventually(async () => (await fetch(`${gatewayUrl}/ready`)).ok, { timeoutMs: 120_000 });
    const apply = ['apply', '-f', definitionFile, '--registry', registryUrl, '--keys', keysDir];
    expect(await kerege(apply, dirname(definitionFile))).toEqual({ code: 0, output: expect.any(String) });
    await eventually(async () => (await signerOf(await call())) === key.kid, { timeoutMs: 60_000 });
    earlier = (await callsAtAgency()) - answered.filter(({ status }) => status === 200).length;
  });
  afterAll(async () => {
    await bus.end();
    await hsm.remove();
    restore();
  });

  async function call(): Promise<Told> {
    const answer = await fetch(`${bus.instance.gatewayUrl}/r1/${PERSONS}/match`, {
      method: 'POST',
      headers: {
        ...{ 'X-Road-Client': LEGAL, 'Kerege-Purpose': 'legal-aid' },
        ...{ 'Content-Type': 'application/json', Accept: 'application/problem+json' },
      },
      body: BODY,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    const told = {
      status: answer.status,
      exchangeId: answer.headers.get('kerege-exchange-id') ?? '',
      retryAfter: answer.headers.get('retry-after'),
      code: answer.status === 200 ? undefined : (JSON.parse(text) as { code: string }).code,
    };
    answered.push(told);
    return told;
  }

  async function callsAtAgency(): Promise<number> {
    return (await ledger(bus.instance, 'population')).length;
  }

  /** By which key the request's statement was signed, as the log shows. */
  async function signerOf({ status, exchangeId }: Told): Promise<string | undefined> {
    if (status !== 200) return undefined;
    // The head that readers are shown is up to a second old.
    const leaf = await eventually(async () => {
      const copy = await (await LogReader.find(bus.instance.auditUrl)).copy();
      return copy?.leaves.find(({ t, id }) => t === 'exchange.requested' && id === exchangeId);
    });
    return leaf.kid;
  }

  /** Callers that go on until they are told to end. */
  function load() {
    let isOver = false;
    const callers = Array.from({ length: CALLERS }, async () => {
      const told: Told[] = [];
      while (!isOver) {
        told.push(await call());
        await pause(20);
      }
      return told;
    });
    return async () => {
      isOver = true;
      return (await Promise.all(callers)).flat();
    };
  }

  it('signs each exchange in the token, and the evidence is good', async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => call()));
    expect(told.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const { trustFile, dataDir } = bus.instance;
    const evidence = await eventually(() => evidenceOf(bus.instance, told[0]?.exchangeId ?? '', LEGAL));
    const file = join(dataDir, 'token-evidence.json');
    await writeFile(file, evidence);
    expect(await kerege(['verify', file, '--trust', trustFile], dataDir)).toMatchObject({ code: 0 });
    // Nothing of the private half lies beside it.
    const keys = await readFile(join(bus.instance.keysDir, `${LEGAL.replaceAll('/', '.')}.jwk`), 'utf8');
    const entry = (JSON.parse(keys) as { keys: { kid: string; d?: string }[] }).keys.find(({ kid }) => kid === key.kid);
    expect(entry).toMatchObject({ pkcs11: key.uri });
    expect(entry?.d).toBeUndefined();
  });

  it('is told 503 while the token is pulled, and no agency is called; it goes on when it is back', async () => {
    const end = load();
    await pause(1_000);
    await hsm.pull();
    await eventually(async () => (await call()).status === 503, { timeoutMs: 30_000 });
    const underLoad = await end();
    expect(underLoad.some(({ status }) => status === 200)).toBe(true);
    for (const { status, code } of underLoad)
      if (status !== 200) expect([status, code]).toEqual([503, 'signer-unavailable']);
    // Now that everybody knows: refused at once, nothing reaches the agency.
    const had = await callsAtAgency();
    for (let n = 0; n < 10; n += 1) {
      const told = await call();
      expect(told).toMatchObject({
        status: 503,
        code: 'signer-unavailable',
        retryAfter: expect.stringMatching(/^\d+$/),
      });
    }
    expect(await callsAtAgency()).toBe(had);
    expect((await fetch(`${bus.instance.gatewayUrl}/ready`)).status).toBe(503);
    await hsm.putBack();
    await eventually(async () => (await call()).status === 200, { timeoutMs: 60_000 });
    const back = await call();
    await eventually(async () => (await signerOf(back)) === key.kid, { timeoutMs: 30_000 });
    expect((await fetch(`${bus.instance.gatewayUrl}/ready`)).status).toBe(200);
  });

  it('leaves the whole story of each call in the log, and none of a call that was not sent', async () => {
    const good = answered.filter(({ status }) => status === 200);
    expect((await callsAtAgency()) - earlier).toBe(good.length);
    const reader = await LogReader.find(bus.instance.auditUrl);
    const stories = await eventually(
      async () => {
        const copy = await reader.copy();
        const ours = (copy?.leaves ?? []).filter(({ from, to }) => from === LEGAL || to === LEGAL);
        const idsOf = (kind: string) => ours.filter(({ t }) => t === kind).map(({ id }) => id);
        const answers = idsOf('exchange.answered');
        if (answers.length < good.length) return undefined;
        return { requested: idsOf('exchange.requested'), answers, failed: idsOf('exchange.failed') };
      },
      { timeoutMs: 30_000 },
    );
    const ids = good.map(({ exchangeId }) => exchangeId).sort();
    expect(stories.failed).toEqual([]);
    expect(stories.requested.toSorted()).toEqual(ids);
    expect(stories.answers.toSorted()).toEqual(ids);
  });
});
