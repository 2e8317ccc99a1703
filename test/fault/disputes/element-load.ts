import { setTimeout as delay } from 'node:timers/promises';
import type { ClientAnswer } from './flag-judge.js';

/** A call that some member makes again and again. */
export interface Asked extends Pick<ClientAnswer, 'person' | 'isOfElement'> {
  readonly target: string;
  readonly client: string;
  readonly purpose: string;
}

/** Without an answer of an agency: a refusal, or a connection that broke. */
export interface Unanswered {
  readonly target: string;
  readonly atMs: number;
  /** The code of the problem, else its status; `nothing`: the connection broke. */
  readonly why: string;
}

const PATIENCE_MS = 20_000;

/** Members' systems that ask at a steady pace, each one call after the other, whatever becomes of them. */
export class ElementLoad {
  readonly answers: ClientAnswer[] = [];
  readonly unanswered: Unanswered[] = [];
  private readonly stopping = new AbortController();
  private readonly running: readonly Promise<void>[];

  /** Each client goes through its calls in turn. */
  constructor(
    private readonly gatewayUrl: string,
    clients: readonly (readonly Asked[])[],
    private readonly everyMs: number,
  ) {
    this.running = clients.map((calls) => this.run(calls));
  }

  /** Starts nothing more; resolves when the last call has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private async run(calls: readonly Asked[]): Promise<void> {
    for (let turn = 0; !this.stopping.signal.aborted; turn += 1) {
      const nextMs = Date.now() + this.everyMs;
      const asked = calls[turn % calls.length];
      if (asked !== undefined) await this.ask(asked);
      const restMs = Math.max(0, nextMs - Date.now());
      await delay(restMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async ask({ target, client, purpose, person, isOfElement }: Asked): Promise<void> {
    const headers = { 'X-Road-Client': client, 'Kerege-Purpose': purpose, Accept: 'application/problem+json' };
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(`${this.gatewayUrl}/r1/${target}`, { headers, signal });
      const receivedMs = Date.now();
      const text = await answer.text();
      const exchangeId = answer.headers.get('kerege-exchange-id') ?? '';
      const mark = answer.headers.get('kerege-disputed');
      if (answer.ok) this.answers.push({ exchangeId, person, isOfElement, mark, receivedMs });
      else this.without(target, /"code":"([a-z-]+)"/.exec(text)?.[1] ?? String(answer.status));
    } catch {
      // Whoever would have answered is away.
      this.without(target, 'nothing');
    }
  }

  private without(target: string, why: string): void {
    this.unanswered.push({ target, atMs: Date.now(), why });
  }
}
