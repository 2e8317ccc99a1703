import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pool } from 'undici';
import type { Bus, Subscription } from '#bus';
import { decode, fixedTopics, ReceiptsSchema } from '#contracts';
import { toHex } from '#kernel';
import { keyFileName } from '#platform';
import { makeReaderToken } from '#reader-auth';
import type { PrivateJwk, Statement } from '#signing';
import { accessToken } from '../../../apps/cli/src/token/access-token.service.js';
import { CONSUMER_CREDENTIAL } from '../../../apps/sandbox/src/instance/layout.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { CONSUMER, PROVEN } from './registry-changes.js';

const TIMEOUT_MS = 15_000;
const RENEW_AFTER_MS = 120_000;
const RECEIPT_WITHIN_MS = 10_000;
const MATCH = '/r1/DEMO/GOV/1001/population/persons/match';
const PERSON = JSON.stringify({ pin: 'TEST000001', familyName: 'Nobody', birthDate: '1980-01-01' });

/** The signing key that the consumer has now: whoever stole it would go on with it. */
export async function stolenKey({ keysDir }: Instance): Promise<PrivateJwk | undefined> {
  const set = JSON.parse(await readFile(join(keysDir, keyFileName(CONSUMER)), 'utf8')) as { keys: PrivateJwk[] };
  return set.keys.find(({ crv }) => crv === 'Ed25519');
}

/** Reads as the consumer, a fresh token each time, by its key as it was. */
export function reading(url: string, path: string, key: PrivateJwk): () => Promise<boolean | undefined> {
  return async () => {
    const token = await makeReaderToken({ subsystem: CONSUMER, audience: url, key, nowMs: Date.now() });
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.arrayBuffer();
    return isAccepted(answer.status);
  };
}

/** Calls with an access token of a credential; the last token that was given goes on being shown. */
export function proving(gatewayUrl: string, { keysDir }: Instance): () => Promise<boolean | undefined> {
  const pool = new Pool(gatewayUrl, { connections: 16, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const file = join(keysDir, keyFileName(CONSUMER_CREDENTIAL));
  let given: Promise<string> | undefined;
  let givenMs = -Infinity;
  return async () => {
    if (Date.now() - givenMs > RENEW_AFTER_MS) {
      const before = given;
      givenMs = Date.now();
      given = accessToken(gatewayUrl, PROVEN, file).catch((cause: unknown) => {
        if (before === undefined) throw cause;
        return before;
      });
    }
    const headers = {
      ...{ authorization: `Bearer ${(await given) ?? ''}`, 'x-road-client': PROVEN },
      ...{ 'content-type': 'application/json', accept: 'application/problem+json' },
    };
    const { statusCode, body } = await pool.request({ path: MATCH, method: 'POST', headers, body: PERSON });
    await body.dump();
    return isAccepted(statusCode);
  };
}

/** Statements by a key that stand in the log, or are refused by it: what audit's intake says of each. */
export class Intake {
  private readonly asked = new Map<string, (isTaken: boolean) => void>();

  private constructor(
    private readonly bus: Bus,
    private readonly replyTopic: string,
    private readonly subscription: Subscription,
  ) {}

  static async of(bus: Bus, replyTopic: string): Promise<Intake> {
    const taken = new Map<string, Intake>();
    const subscription = await bus.subscribe({
      topics: [replyTopic],
      group: `bench-intake-${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: 1_000,
      each: ({ value, headers }) => {
        if (headers['type']?.[0] === 'receipts') taken.get('')?.take(value);
      },
      onError: () => undefined,
    });
    const intake = new Intake(bus, replyTopic, subscription);
    taken.set('', intake);
    return intake;
  }

  stop(): Promise<void> {
    return this.subscription.stop();
  }

  /** Undefined: nobody said anything in time. */
  async stamp({ jws, leafHash }: Statement): Promise<boolean | undefined> {
    const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
    const key = toHex(leafHash);
    this.asked.set(key, resolve);
    const timer = setTimeout(() => resolve(undefined), RECEIPT_WITHIN_MS);
    try {
      const record = { topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws) };
      await this.bus.publish([{ ...record, headers: { reply: this.replyTopic } }]);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.asked.delete(key);
    }
  }

  private take(value: Buffer): void {
    for (const { leafHash, refused } of decode(ReceiptsSchema, value).leaves)
      this.asked.get(toHex(leafHash))?.(refused === '');
  }
}

function isAccepted(status: number): boolean | undefined {
  if (status === 200) return true;
  return status === 401 || status === 403 ? false : undefined;
}
