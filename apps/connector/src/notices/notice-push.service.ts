import { Agent } from 'undici';
import type { SendOutcome } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import { acknowledgement } from './acknowledgement.js';
import type { NoticeAddresses } from './notice-address.js';
import type { Notice } from './notice.js';

const CONNECTIONS = 2;
/** Of an answer that is not looked at. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Brings notices to the agency's own systems over HTTP: follows no redirect, and repeats nothing by itself. */
export class NoticePush {
  private readonly agent: Agent;

  constructor(
    private readonly addresses: NoticeAddresses,
    private readonly clock: Clock,
    connectTimeoutMs: number,
  ) {
    const connect = { timeout: connectTimeoutMs };
    this.agent = new Agent({ connections: CONNECTIONS, pipelining: 1, connect, maxResponseSize: MAX_ANSWER_BYTES });
  }

  /** Subsystems to whose systems it brings anything. */
  recipients(): SubsystemId[] {
    return [...this.addresses].filter(([, url]) => url !== undefined).map(([subsystem]) => subsystem);
  }

  /** What the agency's system says of it; `again` also where it said nothing. */
  async push(to: SubsystemId, notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const url = this.addresses.get(to);
    if (url === undefined) return { kind: 'again', why: 'agency-missing' };
    try {
      const { statusCode, headers, body } = await this.agent.request({
        ...{ origin: url.origin, path: url.pathname + url.search, method: 'POST', signal, idempotent: false },
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
    } catch {
      // Refused, cut or silent: whether it took the notice is unknown, so it comes again under its id.
      return { kind: 'again', why: signal.aborted ? 'agency-timeout' : 'agency-unreachable' };
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
