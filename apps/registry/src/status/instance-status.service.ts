import { request } from 'undici';
import type { Clock } from '#kernel';
import { StatusKeeper, type Reading, type StatusWatch } from '#platform';
import {
  instanceStatus,
  peerAnswer,
  type InstanceStatus,
  type Peer,
  type PeerAnswer,
  type ProcessStatus,
} from './instance-status.js';

const EVERY_MS = 5_000;
const PEER_TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Asks every process of the instance how it stands, at intervals and when somebody wants to know. It only reads: what is
 * done about trouble is the operator's decision.
 */
export class InstanceStatusService {
  /** Since when each process answers, or does not. */
  private readonly keeper = new StatusKeeper();
  private asking: Promise<InstanceStatus> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  constructor(
    private readonly ownId: string,
    private readonly own: StatusWatch,
    private readonly peers: readonly Peer[],
    private readonly clock: Clock,
  ) {}

  /** Called by Nest when the app serves. */
  onApplicationBootstrap(): void {
    void this.run();
  }

  /** Called by Nest when the app closes. */
  onModuleDestroy(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Everybody who asks meanwhile shares one round. */
  status(): Promise<InstanceStatus> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async run(): Promise<void> {
    await this.status();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.run(), EVERY_MS);
    this.timer.unref();
  }

  private async ask(): Promise<InstanceStatus> {
    const own = this.own.status().then((answer) => this.observe(this.ownId, answer));
    const others = this.peers.map(async ({ id, url }) => this.observe(id, await answerOf(url)));
    return instanceStatus(await Promise.all([own, ...others]), this.clock.now());
  }

  private observe(id: string, answer: PeerAnswer | undefined): ProcessStatus {
    const reading: Reading =
      answer === undefined ? { state: 'down', reason: 'does not answer' } : { state: answer.state };
    const { state, since, reason } = this.keeper.observe(id, reading, this.clock.now());
    return { id, app: answer?.app ?? 'unknown', state, since, reason, parts: answer?.parts ?? [] };
  }
}

async function answerOf(url: URL): Promise<PeerAnswer | undefined> {
  const signal = AbortSignal.timeout(PEER_TIMEOUT_MS);
  try {
    const { statusCode, body } = await request(new URL('/status', url), { signal });
    const bytes = await body.arrayBuffer();
    if (statusCode !== 200 || bytes.byteLength > MAX_ANSWER_BYTES) return undefined;
    const parsed = peerAnswer.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Not listening, silent, or not speaking our language: it does not answer.
    return undefined;
  }
}
