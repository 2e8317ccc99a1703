import { Pool } from 'undici';
import type { SendOutcome } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import type { AgencyDoors } from '../agency/agency-doors.service.js';
import { failureOf } from '../agency/agency-fault.js';
import { acknowledgement } from './acknowledgement.js';
import type { NoticeAddresses } from './notice-address.js';
import type { Notice } from './notice.js';

/** A recipient's system, on connections of its own. */
interface Recipient {
  readonly subsystem: SubsystemId;
  readonly url: URL;
  /** Written by `renew`, when what connections are made by has changed. */
  pool: Pool;
}

const CONNECTIONS = 2;
/** Of an answer that is not looked at. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Brings notices to the agency's own systems over HTTP: follows no redirect, and repeats nothing by itself. */
export class NoticePush {
  private readonly recipientsById = new Map<SubsystemId, Recipient>();
  /** Pools that end with what they have; written by `renew`. */
  private readonly ending = new Set<Pool>();

  constructor(
    addresses: NoticeAddresses,
    private readonly clock: Clock,
    private readonly doors: Pick<AgencyDoors, 'connector' | 'onChange'>,
  ) {
    for (const [subsystem, url] of addresses)
      if (url !== undefined) this.recipientsById.set(subsystem, { subsystem, url, pool: this.pool(subsystem, url) });
    doors.onChange(() => this.renew());
  }

  /** Subsystems to whose systems it brings anything. */
  recipients(): SubsystemId[] {
    return [...this.recipientsById.keys()];
  }

  /** What the agency's system says of it; `again` also where it said nothing. */
  async push(to: SubsystemId, notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const recipient = this.recipientsById.get(to);
    if (recipient === undefined) return { kind: 'again', why: 'agency-missing' };
    const { url, pool } = recipient;
    try {
      const { statusCode, headers, body } = await pool.request({
        ...{ path: url.pathname + url.search, method: 'POST', signal, idempotent: false },
        headers: { 'content-type': 'application/json', 'kerege-notice-id': notice.id },
        body: JSON.stringify(notice),
      });
      const retryAfter = headers['retry-after'];
      // What it has said counts, whether or not the rest of its answer comes.
      await body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
      return acknowledgement(
        { status: statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined },
        this.clock.now(),
      );
    } catch (cause) {
      // Refused, cut or silent: whether it took the notice is unknown, so it comes again under its id.
      if (signal.aborted) return { kind: 'again', why: 'agency-timeout' };
      const isUntrusted = failureOf(cause).why === 'agency-untrusted';
      return { kind: 'again', why: isUntrusted ? 'agency-untrusted' : 'agency-unreachable' };
    }
  }

  async close(): Promise<void> {
    const pools = [...this.recipientsById.values()].map(({ pool }) => pool);
    await Promise.all([...pools, ...this.ending].map((pool) => pool.destroy()));
  }

  private renew(): void {
    for (const recipient of this.recipientsById.values()) {
      const { pool, subsystem, url } = recipient;
      recipient.pool = this.pool(subsystem, url);
      this.ending.add(pool);
      // One that `close` has destroyed meanwhile cannot be closed.
      void pool
        .close()
        .catch(() => undefined)
        .finally(() => this.ending.delete(pool));
    }
  }

  private pool(subsystem: SubsystemId, { origin }: URL): Pool {
    const connect = this.doors.connector(subsystem);
    return new Pool(origin, { connections: CONNECTIONS, pipelining: 1, connect, maxResponseSize: MAX_ANSWER_BYTES });
  }
}
