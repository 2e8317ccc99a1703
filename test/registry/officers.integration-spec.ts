import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { keyFileName } from '#platform';
import { generateSigningKey, publicJwk } from '#signing';
import { runKerege } from '../../apps/cli/src/kerege.command.js';
import { RegistryScene } from '../../apps/registry/src/spec-support/registry-scene.js';
import { CLIENTS } from '../../apps/sandbox/src/identity-provider/client.js';
import {
  createIdentityProvider,
  type RunningIdentityProvider,
} from '../../apps/sandbox/src/identity-provider/identity-provider.module.js';
import { issuerEntry } from '../../apps/sandbox/src/identity-provider/issuer-entry.js';
import { IDENTITY_PROVIDER_KEY, INSTANCE, OFFICERS, REGISTRY } from '../../apps/sandbox/src/instance/layout.js';

const [operator, security] = OFFICERS.map(({ code }) => code);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Two people at their own machines, the sandbox's identity provider, and a registry. */
describe('officers at the command line', () => {
  let dir: string;
  let scene: RegistryScene;
  let identity: RunningIdentityProvider;
  let file: string;
  let out = '';
  let told = '';
  let asked: string[] = [];

  const kerege = async (args: readonly string[], confirms?: boolean) => {
    out = '';
    told = '';
    asked = [];
    const confirm = (question: string) => Promise.resolve((asked.push(question), confirms === true));
    return runKerege(args, {
      out: (text) => void (out += text),
      tell: (line) => void (told += `${line}\n`),
      ...(confirms === undefined ? {} : { confirm }),
      paint: (_colour, text) => text,
    });
  };
  const tokenFile = (code = '') => join(dir, `${code}.token`);
  const registry = () => ['--registry', scene.app?.url ?? ''];
  const apply = (code = '') => [
    ...['apply', '-f', file, '--keys', join(dir, 'keys'), '--token-file', tokenFile(code)],
    ...registry(),
  ];
  const changes = (code: string | undefined, ...args: string[]) => [
    ...['changes', ...args, '--token-file', tokenFile(code)],
    ...registry(),
  ];
  const login = (code = '') =>
    kerege([
      'login',
      '--person',
      code,
      '--issuer',
      identity.url,
      '--client',
      REGISTRY,
      '--token-file',
      tokenFile(code),
    ]);
  /** The definition of the scene with the sandbox's issuer and officers, as a file. */
  const write = async (portal: string) => {
    const definition = parse(scene.definition({ portal })) as { issuers: object[]; officers: object[] };
    const own = JSON.parse(await readFile(join(dir, 'keys', keyFileName(IDENTITY_PROVIDER_KEY)), 'utf8')) as {
      keys: [ReturnType<typeof generateSigningKey>];
    };
    definition.issuers.push(issuerEntry(identity.url, { ...publicJwk(own.keys[0]), kid: own.keys[0].kid }));
    const offices = OFFICERS.map(({ code, ...office }) => ({
      ...{ person: `${INSTANCE}/OFFICIAL/${code}`, issuer: identity.url },
      ...office,
    }));
    definition.officers.push(...offices);
    await writeFile(file, JSON.stringify(definition));
  };
  const writeKeys = async (id: string, ...keys: object[]) => {
    const dated = keys.map((key) => ({ ...key, nbf: Date.UTC(2026, 0) / 1000, exp: Date.UTC(2036, 0) / 1000 }));
    await writeFile(join(dir, 'keys', keyFileName(id)), JSON.stringify({ keys: dated }), { mode: 0o600 });
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-officers-'));
    file = join(dir, 'instance.yaml');
    await mkdir(join(dir, 'keys'));
    scene = await RegistryScene.create();
    for (const { subsystem } of CLIENTS) await writeKeys(subsystem, generateSigningKey());
    await writeKeys(IDENTITY_PROVIDER_KEY, generateSigningKey());
    for (const id of ['DEMO/GOV/1000', 'DEMO/GOV/1001']) await writeKeys(id, scene.keysOf(id).sign);
    for (const id of ['DEMO/GOV/1000/mygov', 'DEMO/GOV/1001/population', REGISTRY]) {
      const { sign, seal } = scene.keysOf(id);
      await writeKeys(id, sign, seal);
    }
    await writeFile(join(dir, 'persons.yaml'), (await scene.signed(scene.definition())).openapi[0]?.text ?? '');
    identity = await createIdentityProvider({ host: '127.0.0.1', port: await freePort(), keysDir: join(dir, 'keys') });
    await write('Portal');
  }, 60_000);
  afterAll(async () => {
    await identity.close();
    await scene.end();
    await rm(dir, { recursive: true });
  }, 30_000);

  it('are registered by this machine alone, and end that', async () => {
    expect(await kerege(apply())).toBe(0);
    await write('State Portal');
    expect(await kerege(apply())).toBe(1);
    expect(told).toContain('officers-registered');
  }, 30_000);

  it('sign in, see the differences, are asked, and ask for a change that another one approves', async () => {
    expect(await login(operator)).toBe(0);
    expect(told).not.toContain((await readFile(tokenFile(operator), 'utf8')).trim());
    expect(await kerege(apply(operator))).toBe(1);
    expect(told).toContain('not-confirmed');
    expect(await kerege(apply(operator), false)).toBe(1);
    expect(out).toContain('~ member     DEMO/GOV/1000 (name)');
    expect(asked).toHaveLength(1);
    expect(await kerege(apply(operator), true)).toBe(0);
    const [id = ''] = /^[0-9a-f-]{36}$/mu.exec(out) ?? [];
    expect(await kerege(changes(operator, 'list'))).toBe(0);
    expect(out).toContain(`${id}  REQUESTED`);
    expect(await kerege(changes(operator, 'approve', id, '--yes'))).toBe(1);
    expect(told).toContain('change-four-eyes');
    expect(await login(security)).toBe(0);
    expect(await kerege(changes(security, 'approve', id, '--yes'))).toBe(0);
    expect(told).toContain(`${id} is EFFECTIVE`);
    expect(await kerege(changes(security, 'history', 'member', 'DEMO/GOV/1000'))).toBe(0);
    expect(out).toContain(`APPROVED by DEMO/OFFICIAL/${security} (security-officer)`);
    expect(await kerege(apply(operator), true)).toBe(0);
    expect(told).toContain('No changes');
  }, 60_000);

  it('ask for what is their own member’s with its keys alone', async () => {
    const [, , administrator] = OFFICERS.map(({ code }) => code);
    const alone = join(dir, 'own');
    await mkdir(alone);
    for (const id of ['DEMO/GOV/1001', 'DEMO/GOV/1001/population'])
      await copyFile(join(dir, 'keys', keyFileName(id)), join(alone, keyFileName(id)));
    const text = await readFile(file, 'utf8');
    const changed = join(dir, 'changed.yaml');
    await writeFile(changed, text.replace('"timeoutMs":5000', '"timeoutMs":7000'));
    expect(await login(administrator)).toBe(0);
    const own = ['apply', '-f', changed, '--keys', alone, '--token-file', tokenFile(administrator), ...registry()];
    expect(await kerege([...own, '--member', 'GOV/1000'], true)).toBe(1);
    expect(await kerege([...own, '--member', 'GOV/1001', '--dry-run'])).toBe(0);
    expect(out).toBe('~ service    DEMO/GOV/1001/population/persons (timeoutMs)\n');
    expect(await kerege([...own, '--member', 'GOV/1001'], true)).toBe(0);
    const [id = ''] = /^[0-9a-f-]{36}$/mu.exec(out) ?? [];
    expect(await kerege(changes(administrator, 'approve', id, '--yes'))).toBe(1);
    expect(await kerege(changes(security, 'approve', id, '--yes'))).toBe(0);
    expect(told).toContain(`${id} is EFFECTIVE`);
  }, 30_000);

  it('stop and let go on', async () => {
    expect(await kerege(changes(security, 'suspend', 'GOV/1001', '--reason', 'stolen keys'))).toBe(0);
    expect(told).toContain('is EFFECTIVE');
    expect(await kerege(changes(operator, 'resume', 'GOV/1001', '--reason', 'new keys'))).toBe(0);
    const [id = ''] = /[0-9a-f-]{36}/u.exec(told) ?? [];
    expect(await kerege(changes(operator, 'withdraw', id, '--reason', 'too early'))).toBe(0);
    expect(told).toContain('is WITHDRAWN');
  }, 30_000);

  it('are told where they have not signed in', async () => {
    expect(await kerege(changes('nobody', 'list'))).toBe(1);
    expect(told).toContain('not-signed-in');
    expect(await kerege(['logout', '--token-file', tokenFile(operator)])).toBe(0);
    expect(await kerege(changes(operator, 'list'))).toBe(1);
    expect(await login('TEST000007')).toBe(1);
  }, 30_000);
});
