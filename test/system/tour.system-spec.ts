import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { repositoryRoot } from '#local';
import { eventually } from '#testing';
import { CLINIC, kerege, ledger, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(480_000);

/** A tour is some sixty calls and nine commands. */
const TOUR_TIMEOUT_MS = 180_000;

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus({ hasOfficers: true })));
afterAll(() => bus.end());

function args(): string[] {
  const { gatewayUrl, registryUrl, issuerUrl, keysDir, trustFile, definitionFile } = bus.instance;
  const places = ['--gateway', gatewayUrl, '--registry', registryUrl, '--issuer', issuerUrl, '--keys', keysDir];
  return ['tour', ...places, '--trust', trustFile, '-f', definitionFile];
}

function tour() {
  return kerege(args(), bus.instance.dataDir, TOUR_TIMEOUT_MS);
}

/** As by Ctrl-C, once it shows that. */
async function interruptedTour(at: string): Promise<{ code: number; output: string }> {
  const main = join(repositoryRoot(), 'dist/bin/kerege.js');
  const { dataDir } = bus.instance;
  const child = spawn(process.execPath, [main, ...args()], {
    cwd: dataDir,
    env: process.env,
    timeout: TOUR_TIMEOUT_MS,
  });
  let output = '';
  const said = (chunk: Buffer) => {
    const wasShown = output.includes(at);
    output += chunk.toString();
    if (!wasShown && output.includes(at)) child.kill('SIGINT');
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', said);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

it('shows what the bus refuses, each step really done, and can be shown again on the same day', async () => {
  const first = await tour();
  expect(`exit code ${first.code}\n${first.output}`).toMatch(/^exit code 0$/mu);
  for (const line of [
    'HTTP 403 end-user-mismatch',
    'invalid_client',
    'HTTP 429 quota-day-spent',
    'HTTP 403 agreement-stopped',
  ])
    expect(first.output).toContain(line);
  // What is shown can be copied: secrets stand in it as the commands that give them.
  const { gatewayUrl, issuerUrl, keysDir } = bus.instance;
  const places = `--issuer ${issuerUrl} --keys ${keysDir}`;
  expect(first.output).toContain(`$(npx kerege token --as DEMO/GOV/1000/mygov --end-user TEST000042 ${places})`);
  const credential = `${keysDir}/DEMO.COM.2002.legal.credential.jwk`;
  const shown = `token --as DEMO/COM/2002/legal --credential ${credential} --gateway ${gatewayUrl}`;
  expect(first.output).toContain(`"Authorization: Bearer $(npx kerege ${shown})"`);
  const { dataDir } = bus.instance;
  expect(await kerege(shown.split(' '), dataDir)).toEqual({
    code: 0,
    output: expect.stringMatching(/^[\w.-]{40,}$/mu),
  });
  expect(first.output).not.toMatch(/eyJ/u);
  // Nobody but the citizen themselves reached the clinic.
  const reached = (await ledger(bus.instance, 'clinic')).map(({ path }) => path);
  expect(reached.length).toBeGreaterThan(0);
  expect(reached.filter((path) => !path.includes('TEST000042'))).toEqual([]);
  const again = await tour();
  expect(again).toEqual({ code: 0, output: expect.stringContaining('Today’s calls were spent already') });
});

it('puts back what it has stopped when somebody interrupts it', async () => {
  const { code, output } = await interruptedTour('npx kerege changes approve');
  expect(`exit code ${code}\n${output}`).toMatch(/^exit code 1$/mu);
  expect(output).toContain('tour-interrupted');
  expect(output).not.toContain('NOT PUT BACK');
  expect(output).toContain("--reason 'the investigation is over'");
  const url = `${bus.instance.gatewayUrl}/r1/DEMO/GOV/1001/population/persons/TEST000042`;
  await eventually(async () => (await fetch(url, { headers: { 'X-Road-Client': CLINIC } })).status === 200, {
    timeoutMs: 20_000,
    intervalMs: 200,
  });
});
