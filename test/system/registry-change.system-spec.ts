import { jest } from '@jest/globals';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '#local';
import { eventually } from '#testing';
import { call, CLINIC, kerege, ledger, PERSONS, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(120_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

const attempt = (pin: string) => call(bus.instance, { target: `${PERSONS}/${pin}`, client: CLINIC });

async function apply(change: (yaml: string) => string): Promise<string> {
  const folder = join(bus.instance.dataDir, 'definition');
  const source = join(repositoryRoot(), 'apps/sandbox');
  await cp(join(source, 'openapi'), join(folder, 'openapi'), { recursive: true });
  const file = join(folder, 'instance.yaml');
  await writeFile(file, change(await readFile(join(source, 'instance.yaml'), 'utf8')));
  const { registryUrl, keysDir } = bus.instance;
  const applied = await kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], folder);
  expect(applied).toEqual({ code: 0, output: expect.any(String) });
  return applied.output;
}

const withoutClinic = (yaml: string) => yaml.replace(/ {10}- consumer: COM\/2001\/clinic\n(?: {12}.*\n){4}/, '');

function suspended(of: string, endpoint?: string) {
  const part = endpoint === undefined ? '' : `, endpoint: '${endpoint}'`;
  return (yaml: string) => `${yaml}\nsuspensions:\n  - { of: ${of}${part}, reason: under investigation }\n`;
}

const stoppedForClinic = (yaml: string) =>
  yaml.replace('consumer: COM/2001/clinic\n', 'consumer: COM/2001/clinic\n            stopped: under investigation\n');

describe('a change of the registry', () => {
  it('that ends an agreement is in force at the gateway soon, and nothing reaches the agency any more', async () => {
    expect((await attempt('TEST000030')).status).toBe(200);
    expect(await apply(withoutClinic)).toMatch(/agreement/);
    const startedMs = performance.now();
    await eventually(async () => (await attempt('TEST000031')).status !== 200, { timeoutMs: 5_000 });
    const tookMs = Math.round(performance.now() - startedMs);
    // How long it may take, a second, is measured where nothing else runs: `npm run bench -- revocation`.
    process.stdout.write(`registry change in force ${tookMs} ms after apply had returned\n`);
    const before = (await ledger(bus.instance, 'population')).length;
    expect((await attempt('TEST000032')).headers.get('x-road-error')).toContain('access_denied');
    expect((await ledger(bus.instance, 'population')).length).toBe(before);
  });

  it('that makes it anew lets it pass again, and applying it twice changes nothing', async () => {
    await apply((yaml) => yaml);
    await eventually(async () => (await attempt('TEST000033')).status === 200, { timeoutMs: 5_000 });
    const numbers = async () => (await bus.instance.logs('registry')).match(/snapshot in force/g)?.length;
    const before = await numbers();
    await apply((yaml) => yaml);
    expect(await numbers()).toBe(before);
  });

  it.each([
    ['the operator suspends the endpoint', 'service_disabled', suspended('GOV/1001/population/persons', 'GET /{pin}')],
    ['the provider stops the agreement', 'access_denied', stoppedForClinic],
  ])('stops calls at once when %s, and takes it back as fast', async (_, fault, change) => {
    await apply(change);
    await eventually(async () => (await attempt('TEST000035')).status !== 200, { timeoutMs: 5_000 });
    const before = (await ledger(bus.instance, 'population')).length;
    expect((await attempt('TEST000036')).headers.get('x-road-error')).toContain(fault);
    expect((await ledger(bus.instance, 'population')).length).toBe(before);
    await apply((yaml) => yaml);
    await eventually(async () => (await attempt('TEST000037')).status === 200, { timeoutMs: 5_000 });
  });

  it('that would suspend what is not there is refused: it would stop nothing', async () => {
    const folder = join(bus.instance.dataDir, 'definition');
    const file = join(folder, 'nothing.yaml');
    const yaml = await readFile(join(repositoryRoot(), 'apps/sandbox/instance.yaml'), 'utf8');
    await writeFile(file, suspended('GOV/1001/population/persons', 'GET /{pni}')(yaml));
    const { registryUrl, keysDir } = bus.instance;
    const refused = await kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], folder);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('GET /{pni}');
  });

  it('that is wrong is refused with its place, and the standing one goes on', async () => {
    const folder = join(bus.instance.dataDir, 'definition');
    const file = join(folder, 'wrong.yaml');
    const yaml = await readFile(join(repositoryRoot(), 'apps/sandbox/instance.yaml'), 'utf8');
    await writeFile(file, yaml.replace('consumer: COM/2001/clinic', 'consumer: COM/9999/nobody'));
    const { registryUrl, keysDir } = bus.instance;
    const refused = await kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], folder);
    expect(refused.code).not.toBe(0);
    const line = yaml.split('\n').findIndex((text) => text.includes('consumer: COM/2001/clinic')) + 1;
    expect(refused.output).toContain(`${line}:`);
    expect((await attempt('TEST000034')).status).toBe(200);
  });
});
