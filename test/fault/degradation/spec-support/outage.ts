import { eventually } from '#testing';
import type { Instance } from '../../../../apps/sandbox/src/instance/instance.js';
import { call, exchangeIdOf, type Answer, type Call } from '../../../system/spec-support/bus-under-test.js';

/** What a consumer is told while something is missing, on both faces of `/r1`. */
export interface Told {
  /** Native status and code, and the side at whose door it is laid. */
  readonly status: number;
  readonly code: string;
  readonly side: string;
  /** X-Road's fault code. */
  readonly fault: string;
  readonly isRetryable: boolean;
}

export interface Measured extends Told {
  /** Of the slower face. */
  readonly tookMs: number;
  /** Of both; empty where no exchange was made. */
  readonly exchangeIds: readonly string[];
}

/** Whatever keeps the log from giving receipts: no answer may leave. */
export const WITHOUT_LOG: Told = {
  status: 503,
  code: 'no-receipt',
  side: 'bus',
  fault: 'server.clientproxy.logging_failed',
  isRetryable: true,
};

const PROBLEM = { Accept: 'application/problem+json' };
/** What `at once` means on a machine that runs everything else, too. */
export const AT_ONCE_MS = 2_000;
/** How long a part may take to be in use again after it listens again. */
const RECOVERY_MS = 10_000;

/** Something is missing while `work` runs, and there again after it, however it ends. */
export async function during(lose: () => unknown, giveBack: () => unknown, work: () => Promise<void>): Promise<void> {
  await lose();
  try {
    await work();
  } finally {
    await giveBack();
  }
}

/** Asks twice at the same time, as a native client and as an X-Road client, and demands that both are refused alike. */
export async function refusal(instance: Instance, wanted: Call): Promise<Measured> {
  const startedMs = Date.now();
  const [native, xroad] = await Promise.all([
    call(instance, { ...wanted, headers: { ...wanted.headers, ...PROBLEM } }),
    call(instance, wanted),
  ]);
  const tookMs = Date.now() - startedMs;
  const problem = objectOf(native);
  const fault = xroad.headers.get('x-road-error') ?? `none: ${xroad.status} ${xroad.text}`;
  expect([xroad.status, objectOf(xroad)['type']]).toEqual([500, fault]);
  expect(retryAfter(xroad)).toBe(retryAfter(native));
  return {
    status: native.status,
    code: textOf(problem['code']),
    side: textOf(problem['side']),
    fault,
    isRetryable: retryAfter(native),
    tookMs,
    exchangeIds: [native, xroad].map((answer) => exchangeIdOf(answer)).filter((id) => id !== ''),
  };
}

/** Repeats until the refusal has that code. */
export async function refusedWith(instance: Instance, code: string, wanted: Call, withinMs = 5_000): Promise<Measured> {
  return eventually(
    async () => {
      if ((await call(instance, { ...wanted, headers: { ...wanted.headers, ...PROBLEM } })).status < 300)
        return undefined;
      const measured = await refusal(instance, wanted);
      return measured.code === code ? measured : undefined;
    },
    { timeoutMs: withinMs, intervalMs: 0 },
  );
}

/** Resolves when the call is answered again, without anybody's help; rejects if that takes longer than it may. */
export function recovered(instance: Instance, wanted: Call): Promise<void> {
  return backInTime(async () => (await call(instance, wanted)).status < 300);
}

/** Resolves when it works again, without anybody's help; rejects if that takes longer than it may. */
export async function backInTime(works: () => Promise<boolean>): Promise<void> {
  const startedMs = Date.now();
  await eventually(works, { timeoutMs: RECOVERY_MS });
  // One long last attempt may have begun in time and ended late.
  expect(Date.now() - startedMs).toBeLessThan(RECOVERY_MS + 2_000);
}

/** What was told, without what differs from call to call. */
export function toldOf({ status, code, side, fault, isRetryable }: Measured): Told {
  return { status, code, side, fault, isRetryable };
}

function retryAfter({ headers }: Answer): boolean {
  return /^[1-9]\d*$/.test(headers.get('retry-after') ?? '');
}

function objectOf({ text }: Answer): Record<string, unknown> {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
