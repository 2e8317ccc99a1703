import { jest } from '@jest/globals';
import { kerege, ledger, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(480_000);

/** A tour is some sixty calls and nine commands. */
const TOUR_TIMEOUT_MS = 180_000;

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus({ hasOfficers: true })));
afterAll(() => bus.end());

function tour() {
  const { gatewayUrl, registryUrl, issuerUrl, keysDir, trustFile, definitionFile, dataDir } = bus.instance;
  const places = ['--gateway', gatewayUrl, '--registry', registryUrl, '--issuer', issuerUrl, '--keys', keysDir];
  return kerege(['tour', ...places, '--trust', trustFile, '-f', definitionFile], dataDir, TOUR_TIMEOUT_MS);
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
    output: expect.stringMatching(/^[\w.-]{40,}\n$/u),
  });
  expect(first.output).not.toMatch(/eyJ/u);
  // Nobody but the citizen themselves reached the clinic.
  const reached = (await ledger(bus.instance, 'clinic')).map(({ path }) => path);
  expect(reached.length).toBeGreaterThan(0);
  expect(reached.filter((path) => !path.includes('TEST000042'))).toEqual([]);
  const again = await tour();
  expect(again).toEqual({ code: 0, output: expect.stringContaining('Today’s calls were spent already') });
});
