import type { TokenReason } from './token.worker.js';

/** Why a signature was not made, or a token is not there. */
export type SignerTrouble =
  TokenReason | 'token-crashed' | 'token-silent' | 'signature-wrong' | 'queue-full' | 'closed';

export interface Asked {
  readonly n: number;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (trouble: SignerTrouble) => void;
}

/**
 * Signatures that are asked for, in order: those that wait, and those that the token has. Each is answered once, whatever
 * comes late. `window` at most are with the token, those that nobody waits for any more among them; `most` in all.
 */
export class TokenQueue<Job extends Asked> {
  private readonly waiting = new Map<number, Job>();
  private readonly sent = new Map<number, Job>();
  /** Given up, but the token is still at them: at most `window`. Written by `giveUp`, `take` and `rejectAll`. */
  private readonly overdue = new Set<number>();

  constructor(
    private readonly most: number,
    private readonly window: number,
  ) {}

  get size(): number {
    return this.waiting.size + this.sent.size;
  }

  /** Whether the token owes an answer. */
  get isAsked(): boolean {
    return this.sent.size + this.overdue.size > 0;
  }

  /** False if there is no room. */
  add(job: Job): boolean {
    if (this.size >= this.most) return false;
    this.waiting.set(job.n, job);
    return true;
  }

  /** What the token may be given now. */
  next(): Job[] {
    const jobs: Job[] = [];
    for (const [n, job] of this.waiting) {
      if (this.sent.size + this.overdue.size >= this.window) break;
      this.waiting.delete(n);
      this.sent.set(n, job);
      jobs.push(job);
    }
    return jobs;
  }

  /** Nobody waits for it any more. What the token has of it keeps its place until the token answers. */
  giveUp(n: number): Job | undefined {
    const isSent = this.sent.has(n);
    const job = this.take(n);
    if (isSent) this.overdue.add(n);
    return job;
  }

  /** The token has answered. */
  take(n: number): Job | undefined {
    const job = this.sent.get(n) ?? this.waiting.get(n);
    this.sent.delete(n);
    this.waiting.delete(n);
    this.overdue.delete(n);
    return job;
  }

  rejectAll(trouble: SignerTrouble): void {
    const jobs = [...this.sent.values(), ...this.waiting.values()];
    this.sent.clear();
    this.waiting.clear();
    this.overdue.clear();
    for (const job of jobs) job.reject(trouble);
  }
}
