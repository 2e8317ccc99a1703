import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import { eventually } from '#testing';
import { applyDefinition } from '../../apps/sandbox/src/instance/apply.service.js';
import { OPERATOR, REGISTRY, SECURITY_OFFICER } from '../../apps/sandbox/src/instance/layout.js';
import { kerege, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus({ hasOfficers: true })));
afterAll(() => bus.end());

const tokenFile = (code: string) => join(bus.instance.dataDir, `${code}.token`);
const renamed = async (name: string) => {
  const { definitionFile } = bus.instance;
  const file = join(dirname(definitionFile), 'changed.yaml');
  const text = await readFile(definitionFile, 'utf8');
  await writeFile(file, text.replace('en: Family Clinic', `en: ${name}`));
  return file;
};
const run = async (...args: string[]) => kerege(args, bus.instance.dataDir);
const signIn = async (code: string) => {
  const where = ['--issuer', bus.instance.issuerUrl, '--client', REGISTRY, '--token-file', tokenFile(code)];
  expect(await run('login', '--person', code, ...where)).toMatchObject({ code: 0 });
  return (await readFile(tokenFile(code), 'utf8')).trim();
};
const apply = (file: string, ...more: string[]) => {
  const { registryUrl, keysDir } = bus.instance;
  return run('apply', '-f', file, '--registry', registryUrl, '--keys', keysDir, ...more);
};

const firstLog = async () => {
  const found = await fetch(`${bus.instance.auditUrl}/.well-known/audit-logs.json`);
  const { logs } = (await found.json()) as { logs: [{ url: string }] };
  return logs[0];
};

describe('officers of a whole bus', () => {
  it('change it by two, and a registry that is killed on the way does it once', async () => {
    const file = await renamed('Family Doctors');
    const alone = await apply(file, '--token-file', tokenFile('nobody'));
    expect(alone).toMatchObject({ code: 1, output: expect.stringContaining('officers-registered') });
    await signIn(OPERATOR);
    const asked = await apply(file, '--yes', '--token-file', tokenFile(OPERATOR));
    expect(asked.code).toBe(0);
    const [id = ''] = /^[0-9a-f-]{36}$/mu.exec(asked.output) ?? [];
    const headers = { Authorization: `Bearer ${await signIn(SECURITY_OFFICER)}` };
    const url = `${bus.instance.registryUrl}/v1/changes/${id}`;
    const approving = fetch(`${url}/approval`, { method: 'POST', headers }).catch(() => undefined);
    const state = async () =>
      fetch(url, { headers })
        .then((answer) => answer.json() as Promise<{ state: string }>)
        .then((view) => view.state);
    await eventually(async () => !['REQUESTED', 'APPROVED'].includes(await state()), { intervalMs: 2 });
    await bus.instance.kill('registry');
    await approving;
    await eventually(async () => (await state().catch(() => '')) === 'EFFECTIVE', { timeoutMs: 60_000 });
    const { url: log } = await firstLog();
    const verified = await run('verify-log', log, '--trust', bus.instance.trustFile, '--json');
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('"verified":true') });
    const report = JSON.parse(verified.output.slice(verified.output.indexOf('{'))) as { statements: object };
    expect(report.statements).toMatchObject({ 'registry.changed': 1 });
  });

  it('act for the sandbox when its definition has changed', async () => {
    const { dataDir, registryUrl, keysDir, issuerUrl } = bus.instance;
    await applyDefinition({ file: await renamed('Family Care'), dataDir, registryUrl, keysDir, issuerUrl });
    const members = await (await fetch(`${registryUrl}/v1/members`)).text();
    expect(members).toContain('Family Care');
  });
});
