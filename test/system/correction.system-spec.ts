import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { makeReaderToken } from '#reader-auth';
import { keyFileName, type PrivateJwk } from '#signing';
import { eventually } from '#testing';
import type { ShownInbox } from '../../apps/feedback/src/notifications/inbox.service.js';
import { handleOf } from '../../apps/sandbox/src/portal/messages/sample-contacts.js';
import {
  BENEFITS,
  call,
  CLINIC,
  exchangeIdOf,
  kerege,
  MYGOV,
  PERSONS,
  signIn,
  startBus,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

/** Whose date of birth the register has wrong; nobody exists. */
const PERSON = 'TEST000007';
const REGISTER = 'DEMO/GOV/1001/population';
const [WRONG, RIGHT] = ['1911-08-22', '2001-08-22'];
/** Who got the wrong date before it was corrected. */
const RECIPIENTS = [MYGOV, BENEFITS, CLINIC];
const WISHES = { language: 'az', channels: { progress: ['email'], decision: ['email'] } };

let bus: BusUnderTest;
let endUser: string;
beforeAll(async () => {
  bus = await startBus();
  endUser = (await signIn(bus.instance, PERSON, MYGOV)).output.trim();
});
afterAll(() => bus.end());

const ask = (target: string, client: string, purpose: string) => call(bus.instance, { target, client, purpose });

/** As a case worker without a system of their own. */
const worker = (...args: readonly string[]) => desk(REGISTER, ...args);

async function desk(as: string, ...args: readonly string[]): Promise<string> {
  const { feedbackUrl, keysDir, dataDir } = bus.instance;
  const place = ['--as', as, '--feedback', feedbackUrl, '--keys', keysDir];
  const { code, output } = await kerege(['correction', ...args, ...place], dataDir);
  if (code !== 0) throw new TypeError(output);
  return output;
}

async function keyOf(subsystem: string): Promise<PrivateJwk> {
  const text = await readFile(join(bus.instance.keysDir, keyFileName(subsystem)), 'utf8');
  const key = JSON.parse(text) as PrivateJwk | { readonly keys: readonly PrivateJwk[] };
  return ('keys' in key ? (key.keys.find(({ use }) => use === 'sig') ?? key.keys[0]) : key) as PrivateJwk;
}

/** By which the sample portal knows the person. */
async function handle(): Promise<string> {
  return handleOf(Buffer.from((await keyOf(MYGOV)).d, 'base64url'), `DEMO/PIN/${PERSON}`);
}

async function bearer(subsystem: string, audience: string): Promise<string> {
  return `Bearer ${await makeReaderToken({ subsystem, audience, key: await keyOf(subsystem), nowMs: Date.now() })}`;
}

/** What feedback tells the portal for the person. */
async function portal(path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const { feedbackUrl } = bus.instance;
  const headers = { authorization: await bearer(MYGOV, feedbackUrl), 'kerege-end-user': endUser };
  const json = { 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) };
  const answer = await fetch(`${feedbackUrl}${path}`, {
    headers: { ...headers, ...(body === undefined ? {} : json) },
    ...init,
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** What the person takes home is judged by the command, and not any more when it says something else. */
async function evidenceVerifies(correctionId: string): Promise<void> {
  const { dataDir, registryUrl, trustFile } = bus.instance;
  const evidence = await eventually(
    async () => {
      const found = await portal(`/v1/corrections/${correctionId}/evidence`);
      return 'steps' in found ? found : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  const verify = async (given: object) => {
    await writeFile(join(dataDir, 'evidence.json'), JSON.stringify(given));
    const place = ['--trust', trustFile, '--registry', registryUrl];
    return kerege(['correction', 'verify', 'evidence.json', ...place], dataDir);
  };
  const { code, output } = await verify(evidence);
  expect([code, output]).toEqual([0, expect.stringContaining(`about DEMO/PIN/${PERSON}, CLOSED`)]);
  for (const member of RECIPIENTS) expect(output).toContain(`told: ${member}, APPLIED`);
  const steps = evidence['steps'] as object[];
  const shortened = await verify({ ...evidence, steps: steps.slice(1) });
  expect([shortened.code, shortened.output]).toEqual([1, expect.stringContaining('step-chain at steps[0]')]);
}

it('is filed through the portal, flagged wherever it is shown, corrected by its owner, and looked at again', async () => {
  const { instance } = bus;
  const seen = await ask(`${PERSONS}/${PERSON}`, MYGOV, 'citizen-view');
  expect(seen.text).toContain(WRONG);
  expect((await ask(`${PERSONS}/${PERSON}`, BENEFITS, 'benefit-decision')).status).toBe(200);
  expect((await ask(`${PERSONS}/${PERSON}`, CLINIC, 'treatment')).status).toBe(200);
  await portal('/v1/notifications/preferences', { ...WISHES, handle: await handle() });
  const correctionId = newExchangeId();
  const filed = await eventually(
    async () => {
      const answer = await fetch(`${instance.gatewayUrl}/v1/corrections`, {
        method: 'POST',
        headers: { 'x-road-client': MYGOV, 'kerege-end-user': endUser, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ correctionId, kind: 'ERROR', service: PERSONS, endpoint: 'GET /{pin}', language: 'az' },
          ...{ exchangeId: exchangeIdOf(seen), subject: `DEMO/PIN/${PERSON}`, recheck: { path: `/${PERSON}` } },
          items: [{ element: 'person.birth-date', pointer: '/birthDate', doubted: WRONG, proposed: RIGHT }],
        }),
      });
      // The access is in the person's history a moment after it was made.
      return answer.status === 409 ? undefined : answer;
    },
    { timeoutMs: 30_000, intervalMs: 1_000 },
  );
  expect(filed.status).toBe(201);

  const state = async (wanted: string) =>
    eventually(async () => (await portal(`/v1/corrections/${correctionId}`))['state'] === wanted, {
      timeoutMs: 60_000,
      intervalMs: 500,
    });
  await state('ROUTED');
  expect(await worker('show', correctionId)).toContain(`shown:    "${WRONG}"`);
  await worker('receive', correctionId);
  await state('RECEIVED');
  expect((await ask(`${PERSONS}/${PERSON}`, MYGOV, 'citizen-view')).headers.get('kerege-disputed')).toBeNull();
  await worker('start', correctionId);
  await state('IN_REVIEW');
  const flagged = await ask(`${PERSONS}/${PERSON}`, BENEFITS, 'benefit-decision');
  expect(flagged.headers.get('kerege-disputed')).toMatch(/^person\.birth-date;since=\d{4}-\d\d-\d\d$/);
  expect((await ask(`${PERSONS}/${PERSON}/address`, MYGOV, 'citizen-view')).headers.get('kerege-disputed')).toBeNull();
  expect((await ask(`${PERSONS}/TEST000008`, MYGOV, 'citizen-view')).headers.get('kerege-disputed')).toBeNull();

  const accepted = [
    '--outcome',
    'ACCEPTED',
    '--reason',
    'error-confirmed',
    '--accept',
    '0',
    '--approved-by',
    'officer-1',
  ];
  await worker('decide', correctionId, ...accepted, '--law', 'Demo Act on Personal Data, section 15');
  await state('ACCEPTED');
  await fetch(`${instance.agencies.population}/_sandbox/birth-dates`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pin: PERSON, birthDate: RIGHT }),
  });
  await worker('correct', correctionId, '--value', `0="${RIGHT}"`, '--effective-from', RIGHT);
  await state('PROPAGATING');
  await eventually(
    async () => {
      const answer = await ask(`${PERSONS}/${PERSON}`, MYGOV, 'citizen-view');
      return answer.text.includes(RIGHT) && answer.headers.get('kerege-disputed') === null;
    },
    { timeoutMs: 20_000, intervalMs: 500 },
  );
  const told = (await portal(`/v1/corrections/${correctionId}/recipients`)) as { recipients?: { subsystem: string }[] };
  expect(told.recipients?.map(({ subsystem }) => subsystem).sort()).toEqual([...RECIPIENTS].sort());
  // The portal's gateway asks again by itself, and says that the new value is there.
  await eventually(async () => (await portal(`/v1/corrections/${correctionId}`))['isVerified'] === true, {
    timeoutMs: 90_000,
    intervalMs: 1_000,
  });
  // Whoever got the old value is told, and says what it did; then the case closes.
  for (const member of RECIPIENTS) {
    const told = await desk(member, 'told');
    expect(told).toContain(`person.birth-date of DEMO/PIN/${PERSON}`);
    const noticeId = /^[0-9a-f-]{36}/m.exec(told)?.[0] ?? '';
    await desk(member, 'acknowledge', noticeId, '--action', 'APPLIED');
    expect(await desk(member, 'told')).toContain('Nothing waits');
  }
  await state('CLOSED');
  await evidenceVerifies(correctionId);
  // The person was told of all of it, and by mails as they wish: the portal knew the address, and its server took them.
  const mailed = await eventually(
    async () => {
      const { notifications } = (await portal('/v1/notifications')) as unknown as ShownInbox;
      const isOver = notifications.every(({ deliveries }) => deliveries.email !== 'WAITING');
      return isOver ? notifications.map(({ code, deliveries }) => `${code} ${deliveries.email}`) : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
  expect(mailed).toEqual([
    ...['closed SUPPRESSED', 'corrected SUPPRESSED', 'decided SENT', 'received SENT', 'submitted SENT'],
  ]);
});
