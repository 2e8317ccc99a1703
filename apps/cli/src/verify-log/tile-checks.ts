import type { SignatureTask, TileAnswer, TileTask } from './tile.worker.js';

/** The costly halves of the verification; threads do them. */
export interface TileChecks {
  tile(task: TileTask): Promise<TileAnswer>;
  /** One byte per item: 1 if it is signed by its key. */
  signatures(task: SignatureTask): Promise<Uint8Array>;
}
