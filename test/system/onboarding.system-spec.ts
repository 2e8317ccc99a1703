import { jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseDocument } from 'yaml';
import { repositoryRoot } from '#local';
import { eventually } from '#testing';
import { startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(300_000);

const TOWN_HALL = 'GOV/1004';
let bus: BusUnderTest;
/** Where a person sits, with `data` beside them as in the project's folder. */
let desk: string;
beforeAll(async () => {
  bus = await startBus({ hasOfficers: true });
  desk = await mkdtemp(join(tmpdir(), 'kerege-desk-'));
  await symlink(bus.instance.dataDir, join(desk, 'data'));
});
afterAll(async () => {
  await rm(desk, { recursive: true, force: true });
  await bus.end();
});

interface Block {
  readonly language: string;
  readonly text: string;
}

async function blocksOf(document: string): Promise<Block[]> {
  const text = await readFile(join(repositoryRoot(), document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gmu)].map(([, language = '', body = '']) => ({
    language,
    text: body,
  }));
}

function kerege(line: string): Promise<string> {
  const { gatewayUrl, registryUrl, auditUrl, feedbackUrl, issuerUrl } = bus.instance;
  const env = {
    ...process.env,
    ...{ KEREGE_GATEWAY_URL: gatewayUrl, KEREGE_REGISTRY_URL: registryUrl, KEREGE_AUDIT_URL: auditUrl },
    ...{ KEREGE_FEEDBACK_URL: feedbackUrl, KEREGE_ISSUER_URL: issuerUrl },
  };
  const args = [...line.matchAll(/"([^"]*)"|\S+/gu)].map(([word, quoted]) => quoted ?? word).slice(2);
  const main = join(repositoryRoot(), 'dist/bin/kerege.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...args], { cwd: desk, env, timeout: 120_000 }, (error, out, err) => {
      if (error === null) resolve(`${out}${err}`);
      else reject(new TypeError(`${line}\n${out}${err}`));
    });
  });
}

const file = () => join(bus.instance.dataDir, 'definition/onboarding.yaml');
async function edit(path: (definition: Definition) => (string | number)[], value: unknown): Promise<void> {
  const document = parseDocument(await readFile(file(), 'utf8'));
  const at = path(document.toJS() as Definition);
  if (document.hasIn(at)) document.addIn(at, document.createNode(value));
  else document.setIn(at, document.createNode([value]));
  await writeFile(file(), document.toString({ lineWidth: 0 }));
}

interface Definition {
  readonly members: readonly { readonly id: string }[];
  readonly instances: readonly { readonly id: string }[];
}

const subsystem = ({ members }: Definition, member: string) => [
  'members',
  members.findIndex(({ id }) => id === member),
  'subsystems',
  0,
];

/** Where the first line of a block says that it belongs. */
const PLACES: Readonly<Record<string, (definition: Definition) => (string | number)[]>> = {
  '# members': () => ['members'],
  '# agreements of GOV/1001/population': (all) => [...subsystem(all, 'GOV/1001'), 'agreements'],
  '# serves of gw1': ({ instances }) => ['instances', instances.findIndex(({ id }) => id === 'gw1'), 'serves'],
};

async function logUrl(): Promise<string> {
  const found = await fetch(`${bus.instance.auditUrl}/.well-known/audit-logs.json`);
  return ((await found.json()) as { logs: [{ url: string }] }).logs[0].url;
}

/** The gateway's operator ends it; the sandbox starts it again. */
async function restartGateway(): Promise<void> {
  await bus.instance.terminate('gateway');
  await eventually(async () => (await fetch(`${bus.instance.gatewayUrl}/ready`).catch(() => undefined))?.ok === true, {
    timeoutMs: 90_000,
  });
}

/** Ids of changes and what else a later command of the document takes from an earlier one. */
let changeId = '';

/** What the document says happens beside a command, and what a reader would see. */
const AFTER: readonly (readonly [part: string, then: (said: string) => unknown])[] = [
  ['--dry-run', (said) => expect(said).toContain(`+ member     DEMO/${TOWN_HALL}`)],
  ['approve', (said) => expect(said).toContain('is EFFECTIVE')],
  ['keys list', () => restartGateway()],
  ['keys credential', (said) => register(said.split('\n')[0] ?? '')],
  ['kerege call', (said) => expect(said).toContain('"pin":"TEST000001"')],
];

function register(credential: string): Promise<void> {
  const [entry] = parse(credential) as unknown[];
  return edit((all) => [...subsystem(all, TOWN_HALL), 'credentials'], entry);
}

async function fill(text: string): Promise<void> {
  const [place = ''] = text.split('\n');
  const path = PLACES[place];
  if (path === undefined) throw new TypeError(`nobody knows where this block belongs: ${place}`);
  await edit(path, parse(text));
}

async function carryOut(line: string): Promise<void> {
  const [, from, to] = /^cp (\S+) (\S+)$/u.exec(line) ?? [];
  if (from !== undefined && to !== undefined) return copyFile(join(desk, from), join(desk, to));
  const log = line.includes('$LOG') ? await logUrl() : '';
  const said = await kerege(line.replace('<id>', changeId).replace('$LOG', log));
  changeId = /^[0-9a-f]{8}-[0-9a-f-]{27}$/mu.exec(said)?.[0] ?? changeId;
  for (const [part, then] of AFTER) if (line.includes(part)) await then(said);
}

it('docs/operations/onboarding.md makes a member that calls, command by command', async () => {
  let commands = 0;
  for (const { language, text } of await blocksOf('docs/operations/onboarding.md'))
    if (language === 'yaml') await fill(text);
    else
      for (const line of text.trim().split('\n')) {
        await carryOut(line);
        commands += 1;
      }
  expect(commands).toBeGreaterThan(10);
});
