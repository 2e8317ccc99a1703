import pg from 'pg';
import { eventually } from '#testing';
import {
  BENEFITS,
  call,
  CLINIC,
  ENTITLEMENTS,
  exchangeIdOf,
  MYGOV,
  PERSONS,
  type Answer,
  type Call,
} from '../../../system/spec-support/bus-under-test.js';
import { accountOf, type Account } from '../../harness/accounts.js';
import type { FaultBus } from '../../harness/fault-bus.js';

/** One exchange as its client, its agency and the log tell it. */
export interface Story extends Account {
  /** `answered 200`, the code of a failure, `ended …` for a repeat under a key, or `nothing` for a broken line. */
  readonly told: string;
}

/** What a client was told of one call. */
export interface Told {
  readonly words: string;
  /** Empty where the client does not know it. */
  readonly exchangeId: string;
}

type Play = (bus: FaultBus, key?: string) => Promise<Told>;

/** A safe call, to an agency behind `cn1`. */
export const view: Play = (bus) =>
  place(bus, { client: MYGOV, purpose: 'citizen-view', target: `${PERSONS}/TEST000001` });

/** The same by a consumer whose agreement a registry may end. */
export const viewByClinic: Play = (bus) =>
  place(bus, { client: CLINIC, purpose: 'treatment', target: `${PERSONS}/TEST000001` });

/** An unsafe call, to an agency behind `cn1`. */
export const match: Play = (bus) => {
  const body = { pin: 'TEST000001', familyName: 'Testzade-001', birthDate: '1977-02-08' };
  return place(bus, {
    ...{ client: BENEFITS, purpose: 'benefit-decision' },
    ...{ target: `${PERSONS}/match`, method: 'POST', body },
  });
};

/** An unsafe call, to an agency behind `cn2`. */
export const claim: Play = (bus, key) => {
  const body = { pin: 'TEST000004', benefit: 'housing-support' };
  const claimed = { target: `${ENTITLEMENTS}/claims`, method: 'POST', body };
  return place(bus, { client: MYGOV, purpose: 'citizen-view', ...claimed }, key);
};

async function place({ instance }: FaultBus, wanted: Call, key?: string): Promise<Told> {
  const headers = { Accept: 'application/problem+json', ...(key === undefined ? {} : { 'Idempotency-Key': key }) };
  try {
    const answer = await call(instance, { ...wanted, headers });
    return { words: wordsOf(answer), exchangeId: exchangeIdOf(answer) };
  } catch {
    // The gateway died under the call.
    return { words: 'nothing', exchangeId: '' };
  }
}

function wordsOf({ status, headers, text }: Answer): string {
  // X-Road's own headers stand on answers of providers only.
  if (headers.has('x-road-request-hash')) return `answered ${status}`;
  const { code, outcome } = JSON.parse(text) as { code: string; outcome?: string };
  return outcome === undefined ? code : `ended ${outcome}`;
}

/** The whole story once the log holds so many leaves of it. */
export async function storyOf(bus: FaultBus, told: Told, leaves = 2, id = told.exchangeId): Promise<Story> {
  const account = await eventually(
    async () => {
      const found = await accountOf(bus.instance, id);
      expect(found.leaves.length).toBeGreaterThanOrEqual(leaves);
      return found;
    },
    { timeoutMs: 40_000, intervalMs: 100 },
  );
  return { told: told.words, ...account };
}

/** So much time goes by for one exchange of a gateway; only its row knows when it began. */
export async function passTime(bus: FaultBus, id: string, ms: number): Promise<void> {
  const client = new pg.Client({ connectionString: bus.instance.databaseUrl });
  await client.connect();
  const aged = await client.query('UPDATE gateway.exchange SET deadline_ms = deadline_ms - $2 WHERE id = $1', [id, ms]);
  await client.end();
  expect(aged.rowCount).toBe(1);
}
