import CircuitBreaker from 'opossum';
import { Pool, type Dispatcher } from 'undici';
import { Capacity, ok, refuse, subsystemOf, type Clock, type Result, type ServiceId, type SubsystemId } from '#kernel';
import type { AgencyAnswer } from '../evidence/outcome.js';
import { agencyPath, answerHeaders } from './agency-headers.js';
import type { AgencyDoors } from './agency-doors.service.js';
import { failureOf, type AgencyFailure } from './agency-fault.js';
import { Turns } from './turns.js';

export interface AgencyCall {
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  readonly method: string;
  /** Raw, as the consumer wrote it. */
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: string[];
  readonly body: Uint8Array;
  /** The call is cut then. */
  readonly deadlineMs: number;
  /** What the service itself allows for a call; a consumer may allow less. */
  readonly timeoutMs: number;
  /** Asked once more when its turn has come: a call that may not be made any more is not made. */
  readonly mayGo?: () => boolean;
}

export interface AgencyLimits {
  readonly maxBodyBytes: number;
  /** Calls of one subsystem at most, waiting or open, shared among consumers and services. */
  readonly maxInFlight: number;
  /** Calls open at one system at most, each on a connection of its own. */
  readonly connections: number;
  /** How long an open breaker stays open before one call may try. */
  readonly breakerResetMs: number;
  readonly breakerVolume: number;
}

export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;

/** How an agency's system has been answering. */
export interface BreakerReading {
  readonly service: ServiceId;
  readonly state: (typeof BREAKER_STATES)[number];
  /** Whoever answers at its address is believed: by plain HTTP, or by TLS with an unverified certificate. */
  readonly unproven?: 'plain' | 'unverified';
}

type Outcome = Result<AgencyAnswer, AgencyFailure>;

interface Agency {
  readonly service: ServiceId;
  readonly origin: string;
  /** Written by `renew`, when what connections are made by has changed. */
  pool: Pool;
  readonly basePath: string;
  readonly breaker: CircuitBreaker<[() => Promise<Outcome>], Outcome>;
  readonly turns: Turns;
  /** Whether an impatient call tries a half-open breaker's agency now; written by `impatient`. */
  isTried: boolean;
}

const BUSY: Outcome = refuse({ why: 'connector-busy', sent: false });
const OPEN: Outcome = refuse({ why: 'breaker-open', sent: false });
/** Head of an answer: bytes, and fields. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** An agency that was silent for less than this share of its service's time-out has done nothing wrong. */
const FAIR_SHARE = 0.5;

/**
 * The agencies' HTTP systems, one circuit breaker per service. It promises to change no byte of a body, to follow no
 * redirect, to repeat no call, and to end every call by its deadline. An HTTP status, also 500, is the agency's word and
 * no failure; the breaker opens when there is no word. A call that its consumer gave less than a fair share of the
 * service's own time-out and that ran out of it tells the breaker nothing: who is impatient closes no agency to others.
 *
 * A slow system holds up neither the other services nor a consumer with few calls: of the places of a subsystem none may
 * take more than he leaves free, and consumers have their turns by rotation. What finds no place is told so at once.
 */
export class AgencyService {
  private readonly agencies = new Map<ServiceId, Agency>();
  private readonly places = new Map<SubsystemId, Capacity>();
  /** Pools that end with the calls they have; written by `renew`. */
  private readonly ending = new Set<Pool>();

  constructor(
    addresses: ReadonlyMap<ServiceId, URL>,
    private readonly limits: AgencyLimits,
    private readonly clock: Clock,
    private readonly doors: AgencyDoors,
  ) {
    for (const [service, url] of addresses) {
      this.agencies.set(service, this.agency(service, url));
      this.places.set(subsystemOf(service), new Capacity(limits.maxInFlight));
    }
    doors.onChange(() => this.renew());
  }

  has(service: ServiceId): boolean {
    return this.agencies.has(service);
  }

  breakers(): BreakerReading[] {
    return [...this.agencies].map(([service, { breaker }]) => ({
      service,
      state: breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed',
      ...unproven(this.doors, service),
    }));
  }

  /** Calls that wait for their turn. */
  queued(): number {
    return [...this.agencies.values()].reduce((sum, { turns }) => sum + turns.waiting, 0);
  }

  async call(call: AgencyCall): Promise<Outcome> {
    const agency = this.agencies.get(call.service);
    if (agency === undefined) return refuse({ why: 'agency-missing', sent: false });
    // Too late to call is no fault of the agency's: its breaker hears nothing of it.
    const leftMs = call.deadlineMs - this.clock.now();
    if (leftMs <= 0) return refuse({ why: 'agency-timeout', sent: false });
    // Nobody waits for an open breaker's answer.
    if (agency.breaker.opened) return OPEN;
    const giveBack = this.places
      .get(subsystemOf(call.service))
      ?.take({ consumer: call.consumer, provider: call.service });
    if (giveBack === undefined) return BUSY;
    try {
      // Half its time at most: what is called too late is cut, and the breaker would open for a queue of our own.
      return (await agency.turns.take(call.consumer, leftMs / 2)) ? await this.inTurn(agency, call) : BUSY;
    } finally {
      giveBack();
    }
  }

  async close(): Promise<void> {
    for (const { pool, breaker } of this.agencies.values()) {
      breaker.shutdown();
      await pool.destroy();
    }
    await Promise.all([...this.ending].map((pool) => pool.destroy()));
  }

  private async inTurn(agency: Agency, call: AgencyCall): Promise<Outcome> {
    const leftMs = Math.max(1, call.deadlineMs - this.clock.now());
    const attempt = () => this.request(agency, call, leftMs);
    try {
      if (call.mayGo?.() === false) return BUSY;
      if (leftMs < call.timeoutMs * FAIR_SHARE) return await this.impatient(agency, attempt);
      return await agency.breaker.fire(attempt);
    } catch (cause) {
      return refuse(failureOf(cause));
    } finally {
      agency.turns.pass();
    }
  }

  /**
   * A call whose time-out would be its consumer's doing. The breaker has no word for that (a failure that it filters is a
   * success to it, and ends its trial), so it hears of the call only when it has ended otherwise.
   */
  private async impatient(agency: Agency, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const { breaker } = agency;
    const isTrial = breaker.halfOpen;
    // One trial at a time, as with the breaker's own; this one leaves it to others when it runs out of its time.
    if (breaker.opened || (isTrial && (agency.isTried || !breaker.pendingClose))) return OPEN;
    if (isTrial) agency.isTried = true;
    const attempted = attempt();
    let hasWord = true;
    try {
      return await attempted;
    } catch (cause) {
      hasWord = failureOf(cause).why !== 'agency-timeout';
      throw cause;
    } finally {
      if (isTrial) agency.isTried = false;
      // Its rejection is the call's own, or says that the breaker has opened meanwhile.
      if (hasWord) breaker.fire(() => attempted).catch(() => undefined);
    }
  }

  /** Connections that were made before end with their calls; new calls have new ones. */
  private renew(): void {
    for (const agency of this.agencies.values()) {
      const { pool } = agency;
      agency.pool = this.pool(agency.service, agency.origin);
      this.ending.add(pool);
      // One that `close` has destroyed meanwhile cannot be closed.
      void pool
        .close()
        .catch(() => undefined)
        .finally(() => this.ending.delete(pool));
    }
  }

  private pool(service: ServiceId, origin: string): Pool {
    const { connections } = this.limits;
    const connect = this.doors.connector(service);
    return new Pool(origin, { connections, pipelining: 1, connect, maxHeaderSize: MAX_HEADER_BYTES });
  }

  private agency(service: ServiceId, { origin, pathname }: URL): Agency {
    const { connections, breakerResetMs, breakerVolume } = this.limits;
    const pool = this.pool(service, origin);
    const basePath = pathname === '/' ? '' : pathname;
    const breaker = new CircuitBreaker<[() => Promise<Outcome>], Outcome>((attempt) => attempt(), {
      // The call has its own deadline; a second timer would race it.
      timeout: false,
      errorThresholdPercentage: 50,
      volumeThreshold: breakerVolume,
      resetTimeout: breakerResetMs,
      rollingCountTimeout: 10_000,
    });
    return { service, origin, pool, basePath, breaker, turns: new Turns(connections), isTried: false };
  }

  /** Rejects where there was no word of the agency; what came and cannot be passed on is a refusal. */
  private async request({ pool, basePath }: Agency, call: AgencyCall, leftMs: number): Promise<Outcome> {
    const cut = new AbortController();
    // Taken back when the call has ended: `AbortSignal.timeout` would fire for each call, seconds later.
    const timer = setTimeout(() => cut.abort(new DOMException('the call took too long', 'TimeoutError')), leftMs);
    try {
      const response = await pool.request({
        method: call.method,
        path: agencyPath(basePath, call.path, call.query),
        headers: call.headers,
        body: call.body.length === 0 ? null : call.body,
        signal: cut.signal,
        headersTimeout: leftMs,
        bodyTimeout: leftMs,
        responseHeaders: 'raw',
        // Never sent again by the client library on its own: a repeat is the connector's decision.
        idempotent: false,
      });
      const { statusCode } = response;
      const body = await this.readBody(response);
      if (body === undefined) return refuse({ why: 'answer-too-large', sent: true });
      if (statusCode < 200 || statusCode > 599) return refuse({ why: 'agency-invalid-answer', sent: true });
      const headers = headerPairs(response.headers);
      if (headers.length > MAX_HEADERS) return refuse({ why: 'agency-invalid-answer', sent: true });
      return ok({ status: statusCode, headers: answerHeaders(headers), body });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Buffered up to the inline limit (`bus.md` §1); the connection is cut at the first byte beyond it. */
  private async readBody({ body }: Dispatcher.ResponseData): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      // Leaving the loop destroys the stream and with it the connection.
      if (size > this.limits.maxBodyBytes) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }
}

function unproven(doors: AgencyDoors, service: ServiceId): Pick<BreakerReading, 'unproven'> {
  const kind = doors.ruleOf(service)?.kind;
  return kind === 'plain' || kind === 'unverified' ? { unproven: kind } : {};
}

/** Raw headers come as name, value, name, value, their octets as latin1 text: just as we keep them. */
function headerPairs(raw: unknown): [string, string][] {
  const flat = Array.isArray(raw) ? raw.map(String) : [];
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index] ?? '', flat[index + 1] ?? '']);
  return pairs;
}
