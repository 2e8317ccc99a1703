import { jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { accessToken } from '../../apps/cli/src/token/access-token.service.js';
import { CONSUMER_CREDENTIAL } from '../../apps/sandbox/src/instance/layout.js';
import { keyFileName } from '#signing';
import { eventually } from '#testing';
import { kerege, LEGAL, MYGOV, PERSONS, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus({ mode: 'one-process' })));
afterAll(() => bus.end());

const BODY = JSON.stringify({ pin: 'TEST000001', familyName: 'Testzade-001', birthDate: '1977-02-08' });
const credentialFile = () => join(bus.instance.keysDir, keyFileName(CONSUMER_CREDENTIAL));

function keregeCall(client: string, ...more: readonly string[]) {
  const { gatewayUrl, trustFile, dataDir } = bus.instance;
  const places = ['--gateway', gatewayUrl, '--trust', trustFile];
  return kerege(['call', 'POST', `${PERSONS}/match`, '--client', client, '--data', BODY, ...places, ...more], dataDir);
}

async function callWith(token: string): Promise<number> {
  const headers = {
    ...{ Authorization: `Bearer ${token}`, 'X-Road-Client': LEGAL },
    ...{ 'Content-Type': 'application/json', Accept: 'application/problem+json' },
  };
  return (await fetch(`${bus.instance.gatewayUrl}/r1/${PERSONS}/match`, { method: 'POST', headers, body: BODY }))
    .status;
}

describe('a consumer that proves itself in the sandbox', () => {
  it('calls with an access token, and the evidence of its call is good', async () => {
    const called = await keregeCall(LEGAL, '--credential', credentialFile());
    expect(called).toEqual({ code: 0, output: expect.stringContaining('"match":true') });
  });

  it('is not believed to be somebody else', async () => {
    const called = await keregeCall(MYGOV, '--credential', credentialFile());
    expect(called.code).not.toBe(0);
    expect(called.output).toContain('invalid_client');
  });

  it('is shut out within a second once the registry knows its credential no more', async () => {
    const { gatewayUrl, definitionFile, registryUrl, keysDir } = bus.instance;
    const token = await accessToken(gatewayUrl, LEGAL, credentialFile());
    expect(await callWith(token)).toBe(200);
    const document = parseDocument(await readFile(definitionFile, 'utf8'));
    const { members } = document.toJS() as { members: { id: string }[] };
    const member = members.findIndex(({ id }) => LEGAL.includes(`/${id}/`));
    document.deleteIn(['members', member, 'subsystems', 0, 'credentials']);
    const file = join(dirname(definitionFile), 'revoked.yaml');
    await writeFile(file, document.toString({ lineWidth: 0 }));
    const applied = await kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], dirname(file));
    expect(applied).toEqual({ code: 0, output: expect.stringContaining(`- credential ${LEGAL}#`) });
    await eventually(async () => (await callWith(token)) === 401, { timeoutMs: 1_000 });
    await expect(accessToken(gatewayUrl, LEGAL, credentialFile())).rejects.toMatchObject({ code: 'server-refused' });
  });
});
