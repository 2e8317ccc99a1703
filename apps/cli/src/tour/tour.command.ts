import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keyFileName } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { typedOptions } from '../terminal/command-line.js';
import type { Terminal } from '../terminal/terminal.js';
import { accessToken } from '../token/access-token.service.js';
import { newestSigningKey } from '../token/signing-key.js';
import { signIn } from '../token/sign-in.service.js';
import { tokenCommand } from './commands.js';
import { Guide, type RunKerege, type Said } from './guide.service.js';
import { inTurn } from './in-turn.js';
import { interruptible } from './interruption.service.js';
import { Officers } from './officers.service.js';
import { stoppedDefinition } from './stopped-definition.js';

export interface TourOptions {
  readonly gatewayUrl: string;
  readonly registryUrl: string;
  readonly issuerUrl: string;
  readonly registryClient: string;
  readonly keysDir: string;
  readonly trustFile: string;
  /** The definition of the sandbox, as it was applied. */
  readonly file: string;
  /** What an option says that nobody gives: it does not have to be typed. */
  readonly usual: Readonly<Record<'gateway' | 'issuer' | 'keys', string>>;
}

const PORTAL = 'DEMO/GOV/1000/mygov';
const CLINIC = 'DEMO/COM/2001/clinic';
const LEGAL = 'DEMO/COM/2002/legal';
const PERSONS = 'DEMO/GOV/1001/population/persons';
const VISITS = 'DEMO/COM/2001/clinic/visits';
const CITIZEN = 'TEST000042';
const OTHER = 'TEST000043';
const PERSON = JSON.stringify({ pin: CITIZEN, familyName: 'Anybody', birthDate: '1980-01-01' });
/** More than the agreement's calls of a day. */
const MOST_CALLS = 100;
const STOPPED_AGREEMENT = {
  member: 'GOV/1001',
  subsystem: 'population',
  consumer: 'COM/2001/clinic',
  service: 'persons',
};
const PATIENCE_MS = 15_000;

/**
 * `kerege tour`: the bus refuses, step by step, against a running sandbox: the wrong person, a stranger's proof, one call
 * too many, a stopped agreement. Everything in it is done, nothing is told only. What it stops it puts back, whatever
 * happens, Ctrl-C too; the calls of the day that it spends stay spent.
 */
export async function tourCommand(options: TourOptions, terminal: Terminal, run: RunKerege): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kerege-tour-'));
  await interruptible((signal) => {
    signal.addEventListener('abort', () => terminal.tell('Interrupted: what the tour has changed is put back first.'));
    const shown = new Map<string, string>();
    const guide = new Guide(terminal, run, shown, signal);
    return inTurn(
      () => steps(options, guide, shown, join(folder, 'officer.token')),
      () => rm(folder, { recursive: true, force: true }),
    );
  });
  terminal.tell('The tour is over; what it stopped is in force again.');
  terminal.tell(`The calls that it spent stay spent: no prescriptions for ${PORTAL} before midnight UTC.`);
}

async function steps(options: TourOptions, guide: Guide, shown: Map<string, string>, tokenFile: string): Promise<void> {
  const { issuerUrl: issuer, keysDir: keys } = options;
  const citizen = await citizenToken(options);
  shown.set(citizen, tokenCommand(PORTAL, ['--end-user', CITIZEN], typedOptions({ issuer, keys }, options.usual)));
  await wrongPerson(options, guide, citizen);
  await provenConsumers(options, guide, shown);
  await spentQuota(options, guide, citizen);
  await stoppedAgreement(options, guide, tokenFile);
}

async function wrongPerson(options: TourOptions, guide: Guide, citizen: string): Promise<void> {
  guide.heading('1 The wrong person');
  const ask = (pin: string) =>
    guide.call(`${options.gatewayUrl}/r1/${VISITS}/${pin}/prescriptions`, asPortal({ 'Kerege-End-User': citizen }));
  const own = await ask(CITIZEN);
  // Today's calls may be spent by a tour before this one; who is asking was judged before they are counted.
  guide.demand(own.status === 200 || own.code === 'quota-day-spent', 'HTTP 200');
  guide.means(`${CITIZEN} has signed in at the identity provider, and may see their own prescriptions.`);
  if (own.status !== 200) guide.means('Today’s calls are spent, though: step 3 of a tour before has done that.');
  expect(guide, await ask(OTHER), 403, 'end-user-mismatch');
  guide.means('The same person asks about somebody else: gateway and provider each judge the sign-in themselves.');
}

async function provenConsumers(options: TourOptions, guide: Guide, shown: Map<string, string>): Promise<void> {
  guide.heading('2 Consumers that prove who they are');
  const file = join(options.keysDir, keyFileName(`${LEGAL}/credential`));
  const url = `${options.gatewayUrl}/r1/${PERSONS}/match`;
  const token = await accessToken(options.gatewayUrl, LEGAL, file);
  const typed = typedOptions({ gateway: options.gatewayUrl }, options.usual);
  shown.set(token, tokenCommand(LEGAL, ['--credential', file], typed));
  const call = (client: string) => {
    const named = { 'X-Road-Client': client, Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    return guide.call(url, { ...named, ...PROBLEMS }, true, PERSON);
  };
  const proven = await call(LEGAL);
  guide.demand(proven.status === 200, 'HTTP 200');
  guide.means(`${LEGAL} signed an assertion with its own key and got a token of five minutes for it.`);
  const borrowed = await call(PORTAL);
  guide.demand(borrowed.status === 401 || borrowed.status === 403, 'HTTP 401 or 403');
  guide.means('The same token under another name is nobody’s.');
  const lent = await guide.kerege(
    ...['call', 'POST', `${PERSONS}/match`, '--client', PORTAL, '--credential', file, '--data', PERSON],
    ...['--gateway', options.gatewayUrl, '--trust', options.trustFile],
  );
  guide.demand(lent.code !== 0 && lent.output.includes('invalid_client'), 'invalid_client');
  guide.means('And its key signs for nobody else.');
  expect(guide, await clinicCall(options, guide), 200, '');
  guide.means(`${CLINIC} shows no proof: the sandbox listens on this machine alone, and believes X-Road-Client there.`);
  guide.means(
    'Client certificates (mutual TLS) take a gateway that speaks TLS; this one speaks plain HTTP on loopback,',
  );
  guide.means('and a gateway has one listener. How to start one: docs/security.md, settings KEREGE_GATEWAY_TLS_…');
}

/** Spends what is left of today's calls; nothing is fine. */
export async function spentQuota(
  { gatewayUrl }: Pick<TourOptions, 'gatewayUrl'>,
  guide: Guide,
  citizen: string,
): Promise<void> {
  guide.heading('3 One call too many');
  const call = (isShown: boolean) =>
    guide.call(
      `${gatewayUrl}/r1/${VISITS}/${CITIZEN}/prescriptions`,
      asPortal({ 'Kerege-End-User': citizen }),
      isShown,
    );
  let [answered, last] = [0, await call(true)];
  for (; last.status === 200 && answered < MOST_CALLS; answered += 1) last = await call(false);
  if (answered > 0) guide.tell(last);
  expect(guide, last, 429, 'quota-day-spent');
  guide.means(answered === 0 ? 'Today’s calls were spent already.' : `${answered} more calls were answered today.`);
  guide.means('The provider counts them, wherever they came in; the count lasts.');
}

async function stoppedAgreement(options: TourOptions, guide: Guide, tokenFile: string): Promise<void> {
  guide.heading('4 A stopped agreement');
  const { file } = options;
  const stopped = stoppedDefinition(await readFile(file, 'utf8'), STOPPED_AGREEMENT, 'under investigation');
  if (stopped === undefined)
    throw cliErrors.error('tour-astray', { extensions: { expected: `the agreement in ${file}` } });
  const change = join(dirname(file), 'tour.yaml');
  const { member } = STOPPED_AGREEMENT;
  const by = new Officers({ ...options, member, tokenFile }, guide);
  await inTurn(
    async () => {
      await writeFile(change, stopped);
      expect(guide, await clinicCall(options, guide), 200, '');
      guide.means('The clinic may ask about its patients.');
      await by.demandSame(file);
      await by.change(change, 'the clinic is under investigation');
      expect(guide, await untilAnswered(options, guide, 403), 403, 'agreement-stopped');
      guide.means(
        'Two officers have signed for it, the log holds the leaf of it, and every gateway and connector knows.',
      );
    },
    () => putBack(by, file, guide),
    () => rm(change, { force: true }),
  );
  expect(guide, await untilAnswered(options, guide, 200), 200, '');
  guide.means('Taken back by two as well; both changes stay in the log.');
}

/** Says it where it fails, since the error that is told may be the one before. */
async function putBack(by: Officers, file: string, guide: Guide): Promise<void> {
  try {
    await by.restore(file);
  } catch (cause) {
    guide.means(`NOT PUT BACK: two officers have to apply ${file} again; kerege changes list says what is open.`);
    throw cause;
  }
}

const PROBLEMS = { Accept: 'application/problem+json' };

function asPortal(more: Readonly<Record<string, string>>): Record<string, string> {
  return { 'X-Road-Client': PORTAL, 'Kerege-Purpose': 'citizen-view', ...more, ...PROBLEMS };
}

function clinicCall({ gatewayUrl }: TourOptions, guide: Guide, isShown = true): Promise<Said> {
  return guide.call(`${gatewayUrl}/r1/${PERSONS}/${CITIZEN}`, { 'X-Road-Client': CLINIC, ...PROBLEMS }, isShown);
}

/** A change is in force everywhere within a second of a delivering broker. */
async function untilAnswered(options: TourOptions, guide: Guide, status: number): Promise<Said> {
  const untilMs = Date.now() + PATIENCE_MS;
  while (Date.now() < untilMs && (await clinicCall(options, guide, false)).status !== status) await pause(100);
  return clinicCall(options, guide);
}

function expect(guide: Guide, said: Said, status: number, code: string): void {
  guide.demand(said.status === status && said.code === code, `HTTP ${status} ${code}`);
}

async function citizenToken({ issuerUrl, keysDir }: TourOptions): Promise<string> {
  const file = join(keysDir, keyFileName(PORTAL));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  return signIn({ issuer: issuerUrl, subsystem: PORTAL, key, person: CITIZEN, level: 'high' });
}
