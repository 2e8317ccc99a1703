import pg from 'pg';
import { eventually, uniqueName } from '#testing';
import { BENEFITS, CLINIC, ENTITLEMENTS, MYGOV, PERSONS } from '../../../system/spec-support/bus-under-test.js';
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
  /** The client's own name of this call. */
  readonly messageId: string;
}

interface Wish {
  readonly key?: string;
  /** How long the client waits; absent: as long as the service may take. */
  readonly deadlineMs?: number;
}
type Play = (bus: FaultBus, wish?: Wish) => Promise<Told>;

/** A safe call, to an agency behind `cn1`. */
export const view: Play = (bus, wish) =>
  place(bus, { client: MYGOV, purpose: 'citizen-view', target: `${PERSONS}/TEST000001` }, wish);

/** The same by a consumer whose agreement a registry may end. */
export const viewByClinic: Play = (bus, wish) =>
  place(bus, { client: CLINIC, purpose: 'treatment', target: `${PERSONS}/TEST000001` }, wish);

/** An unsafe call, to an agency behind `cn1`. */
export const match: Play = (bus, wish) => {
  const body = { pin: 'TEST000001', familyName: 'Testzade-001', birthDate: '1977-02-08' };
  return place(bus, { client: BENEFITS, purpose: 'benefit-decision', target: `${PERSONS}/match`, body }, wish);
};

/** An unsafe call, to an agency behind `cn2`. */
export const claim: Play = (bus, wish) => {
  const body = { pin: 'TEST000004', benefit: 'housing-support' };
  return place(bus, { client: MYGOV, purpose: 'citizen-view', target: `${ENTITLEMENTS}/claims`, body }, wish);
};

interface Wanted {
  readonly client: string;
  readonly purpose: string;
  readonly target: string;
  /** Of a POST. */
  readonly body?: object;
}

const PATIENCE_MS = 150_000;

async function place({ instance }: FaultBus, wanted: Wanted, { key, deadlineMs }: Wish = {}): Promise<Told> {
  const { client, purpose, target, body } = wanted;
  const messageId = uniqueName('call');
  try {
    const answer = await fetch(`${instance.gatewayUrl}/r1/${target}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...{ Accept: 'application/problem+json', 'X-Road-Client': client, 'Kerege-Purpose': purpose },
        'X-Road-Id': messageId,
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        ...(deadlineMs === undefined ? {} : { 'Kerege-Deadline': String(deadlineMs) }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const exchangeId = answer.headers.get('kerege-exchange-id') ?? '';
    return { words: wordsOf(answer, await answer.text()), exchangeId, messageId };
  } catch {
    // The gateway died under the call.
    return { words: 'nothing', exchangeId: '', messageId };
  }
}

function wordsOf({ status, headers }: Response, text: string): string {
  // X-Road's own headers stand on answers of providers only.
  if (headers.has('x-road-request-hash')) return `answered ${status}`;
  const { code, outcome } = JSON.parse(text) as { code: string; outcome?: string };
  return outcome === undefined ? code : `ended ${outcome}`;
}

/** How its gateway says that an exchange stands. */
export async function stateOf({ instance }: FaultBus, id: string): Promise<string> {
  const answer = await fetch(`${instance.gatewayUrl}/v1/exchanges/${id}`, { headers: { 'X-Road-Client': MYGOV } });
  const { state, code } = (await answer.json()) as { state: string; code?: string };
  return code === undefined ? state : `${state} ${code}`;
}

/** The whole story once the log holds so many leaves of it. */
export async function storyOf(bus: FaultBus, told: Told, leaves = 2, id = told.exchangeId): Promise<Story> {
  const account = await eventually(
    async () => {
      const found = await accountOf(bus.instance, id, told.messageId);
      expect(found.leaves.length).toBeGreaterThanOrEqual(leaves);
      return found;
    },
    { timeoutMs: 90_000, intervalMs: 100 },
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
