import { randomBytes } from 'node:crypto';
import { ed25519Seed, noteSigner, type NoteSigner } from '#tlog';
import {
  verifyLog,
  type LogSource,
  type LogVerdict,
  type LogVerifyOptions,
  type TileChecks,
} from '../../apps/cli/src/verify-log/index.js';
import { checkSignatures, checkTile } from '../../apps/cli/src/verify-log/tile.worker.js';

/** A log's files by path. */
export type LogFiles = Map<string, Buffer>;

export const ORIGIN = 'audit.test.example/TEST/0/2026h2';

export function freshLogKey(origin = ORIGIN): NoteSigner {
  const { publicKey, sign } = ed25519Seed(randomBytes(32));
  return noteSigner(origin, publicKey, sign);
}

export function sourceOf(files: LogFiles): LogSource {
  return {
    read: (path, maxBytes) => Promise.resolve(files.get(path)?.subarray(0, maxBytes)),
    async *list() {
      for (const path of files.keys()) yield await Promise.resolve(path);
    },
  };
}

/** The same functions as in the threads, called here. */
export const inlineChecks: TileChecks = {
  tile: (task) => Promise.resolve(checkTile(task)),
  signatures: (task) => Promise.resolve(checkSignatures(task)),
};

export function verifyFiles(
  files: LogFiles,
  trust: Uint8Array,
  options: Partial<LogVerifyOptions> = {},
): Promise<LogVerdict> {
  return verifyLog({ source: sourceOf(files), trust, checks: inlineChecks, window: 4, ...options });
}
