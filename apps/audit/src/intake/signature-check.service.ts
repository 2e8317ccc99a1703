import { Piscina } from 'piscina';
import type { PublicJwk } from '#signing';
import type { SignatureJob } from './signature-job.js';
import checkSignatures, { type SignatureTask } from './signature.worker.js';

/** Fewer than this are checked here: asking another thread would take longer. */
const INLINE = 4;
/** Enough work for one message to a thread to be worth it. */
const MIN_CHUNK = 16;

/**
 * Spreads the signatures of a batch over threads, because they cost more than everything else that intake does. It
 * answers in the order of the jobs and never throws for a bad signature.
 */
export class SignatureCheck {
  private readonly pool: Piscina<SignatureTask, Uint8Array>;

  constructor(private readonly threads: number) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.pool = new Piscina<SignatureTask, Uint8Array>({
      filename: new URL(`./signature.worker.${extension}`, import.meta.url).href,
      // An idle audit checks here, and keeps no heap for a thread: the first burst waits for one.
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 60_000,
      // Two histograms of 350 KB that nobody looks at.
      recordTiming: false,
    });
  }

  async check(jobs: readonly SignatureJob[]): Promise<Uint8Array> {
    if (jobs.length < INLINE) return checkSignatures(taskOf(jobs));
    const size = Math.max(MIN_CHUNK, Math.ceil(jobs.length / this.threads));
    const chunks = Array.from({ length: Math.ceil(jobs.length / size) }, (_, at) =>
      this.pool.run(taskOf(jobs.slice(at * size, (at + 1) * size))),
    );
    return Buffer.concat(await Promise.all(chunks));
  }

  close(): Promise<void> {
    return this.pool.close({ force: true });
  }
}

/** Keys are sent once each: a batch has many statements and few signers. */
function taskOf(jobs: readonly SignatureJob[]): SignatureTask {
  const numbers = new Map<PublicJwk, number>();
  const items = jobs.map(({ jws, key }) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return { jws, key: number };
  });
  const keys = [...numbers.keys()].map(({ kty, crv, x, y }) => ({ kty, crv, x, ...(y === undefined ? {} : { y }) }));
  return { keys, items };
}
