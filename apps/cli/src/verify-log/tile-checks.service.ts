import { Piscina } from 'piscina';
import type { TileChecks } from './tile-checks.js';
import type { SignatureTask, TileAnswer, TileTask } from './tile.worker.js';

/** A pool of threads; whoever makes it closes it. */
export class ThreadedChecks implements TileChecks {
  private readonly pool: Piscina;

  constructor(readonly threads: number) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.pool = new Piscina({
      filename: new URL(`./tile.worker.${extension}`, import.meta.url).href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: 10_000,
    });
  }

  tile(task: TileTask): Promise<TileAnswer> {
    return this.pool.run(task, { name: 'checkTile' }) as Promise<TileAnswer>;
  }

  signatures(task: SignatureTask): Promise<Uint8Array> {
    return this.pool.run(task, { name: 'checkSignatures' }) as Promise<Uint8Array>;
  }

  close(): Promise<void> {
    return this.pool.close({ force: true });
  }
}
