import type { Findings } from './findings.js';
import type { SignatureJob } from './statement-judge.js';
import type { LawKey } from './law.js';
import type { TileChecks } from './tile-checks.js';

/** Hands signatures to threads, a bundle at a time, and takes the answers in order; at most `window` are under way. */
export class SignatureQueue {
  private readonly underWay: { readonly jobs: readonly SignatureJob[]; readonly answer: Promise<Uint8Array> }[] = [];
  checked = 0;

  constructor(
    private readonly checks: TileChecks,
    private readonly findings: Findings,
    private readonly window: number,
  ) {}

  async put(jobs: readonly SignatureJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const keys = new Map<LawKey, number>();
    const items = jobs.map(({ jws, key }) => {
      const number = keys.get(key) ?? keys.size;
      keys.set(key, number);
      return { jws, key: number };
    });
    const answer = this.checks.signatures({ keys: [...keys.keys()].map(({ alg, x, y }) => ({ alg, x, y })), items });
    answer.catch(() => undefined);
    this.underWay.push({ jobs, answer });
    if (this.underWay.length >= this.window) await this.takeOne();
  }

  async end(): Promise<void> {
    while (this.underWay.length > 0) await this.takeOne();
  }

  private async takeOne(): Promise<void> {
    const next = this.underWay.shift();
    if (next === undefined) return;
    const answer = await next.answer;
    for (const [at, job] of next.jobs.entries())
      if (answer[at] !== 1) this.findings.add('statement-signature', `leaf ${job.index}`);
    this.checked += next.jobs.length;
  }
}
