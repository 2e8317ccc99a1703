import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { repositoryRoot } from '#local';
import { eventually } from '#testing';
import {
  call,
  exchangeIdOf,
  kerege,
  MYGOV,
  PERSONS,
  startBus,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

const AUDITOR = 'DEMO/GOV/1008/audit';
const HELP_DESK = 'DEMO/GOV/1009/operator';
const TOOLS = ['openssl', 'unzip', 'sha256sum', 'python3'];
const hasTools = TOOLS.every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

/** A page of the read API, with a token that the built command made from the sandbox's keys. */
async function read(as: string, path: string): Promise<Response> {
  const { auditUrl, keysDir, dataDir } = bus.instance;
  const { code, output } = await kerege(['token', '--as', as, '--audience', auditUrl, '--keys', keysDir], dataDir);
  expect([code, output]).toEqual([0, expect.stringMatching(/^ey/)]);
  return fetch(`${auditUrl}${path}`, { headers: { authorization: `Bearer ${output.trim()}` } });
}

interface Found {
  readonly leaves: readonly { readonly type: string; readonly reason?: string; readonly count?: number }[];
}
const search = async (as: string, query: string) => (await (await read(as, `/v1/leaves?${query}`)).json()) as Found;

describe('readers of the sandbox’s log', () => {
  it('find what a call left, each within their scope, and take away what a court can check', async () => {
    const answer = await call(bus.instance, {
      target: `${PERSONS}/TEST000001`,
      client: MYGOV,
      purpose: 'citizen-view',
    });
    const exchange = `exchange=${exchangeIdOf(answer)}`;
    const types = ['exchange.answered', 'exchange.requested'];
    for (const reader of [MYGOV, AUDITOR, HELP_DESK])
      await eventually(async () => (await search(reader, exchange)).leaves.length === 2, { timeoutMs: 20_000 });
    expect((await search(MYGOV, exchange)).leaves.map(({ type }) => type).sort()).toEqual(types);
    expect((await search('DEMO/COM/2001/clinic', exchange)).leaves).toEqual([]);
    if (!hasTools) return;
    const file = join(bus.instance.dataDir, 'package.zip');
    writeFileSync(file, Buffer.from(await (await read(AUDITOR, `/v1/packages?${exchange}`)).arrayBuffer()));
    const script = join(repositoryRoot(), 'test/conformance/verify-package.sh');
    expect(execFileSync(script, [file, bus.instance.trustFile]).toString()).toContain('VERIFIED: 2 leaves');
  });

  it('see how many calls a gateway turned away without a statement each', async () => {
    for (let n = 0; n < 3; n += 1) await call(bus.instance, { target: `${PERSONS}/TEST000001` });
    // At its end a gateway states the minute in hand.
    await bus.instance.terminate('gateway');
    const { leaves } = await eventually(
      async () => {
        const found = await search(AUDITOR, 'type=refusals&reason=consumer-unauthenticated');
        return found.leaves.length > 0 ? found : undefined;
      },
      { timeoutMs: 30_000 },
    );
    expect(leaves.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(3);
  });
});
