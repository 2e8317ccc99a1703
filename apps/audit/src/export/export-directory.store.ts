import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exportErrors } from './export.errors.js';

/** The outside steps of a durable write, replaceable in specs of what each failure leaves. */
export interface FileCalls {
  /** Writes a new file and makes its bytes durable. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): Promise<void>;
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
/** Below the log's folder, so that a rename stays within one file system. Holds nothing after a pass. */
const TEMPORARY = '.tmp';

/**
 * One log's folder. A file appears under its name whole and durable, or not at all: it is written elsewhere, synced, and
 * renamed. A crash leaves at most a file in `.tmp`, which the next start removes.
 */
export class ExportDirectory {
  /** Folders with names that are not durable yet. */
  private readonly unsynced = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly calls: FileCalls = nodeFiles,
  ) {}

  async prepare(): Promise<void> {
    await this.attempt(async () => {
      await rm(join(this.root, TEMPORARY), { recursive: true, force: true });
      await mkdir(join(this.root, TEMPORARY), { recursive: true });
    });
  }

  async read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.root, path));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw exportErrors.error('export-failed', { cause, details: { path } });
    }
  }

  /** True if other bytes stood there: possible only beyond the exported checkpoint, after a crash. */
  async writeOnce(path: string, bytes: Uint8Array): Promise<boolean> {
    const standing = await this.read(path);
    if (standing?.equals(bytes) === true) return false;
    await this.replace(path, bytes);
    return standing !== undefined;
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.root, path);
    // Never the same name twice: a process that was fenced may still be writing.
    const temporary = join(this.root, TEMPORARY, randomUUID());
    await this.attempt(async () => {
      try {
        await mkdir(dirname(file), { recursive: true });
        await this.calls.write(temporary, bytes);
        await this.calls.rename(temporary, file);
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw cause;
      }
    });
    for (let folder = dirname(file); folder.startsWith(this.root); folder = dirname(folder)) this.unsynced.add(folder);
  }

  /** Returns when every name that was written is durable. */
  async sync(): Promise<void> {
    for (const folder of this.unsynced) {
      await this.attempt(() => this.calls.syncFolder(folder));
      this.unsynced.delete(folder);
    }
  }

  async remove(path: string): Promise<void> {
    await this.attempt(() => rm(join(this.root, path), { recursive: true, force: true }));
  }

  private async attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      throw exportErrors.error(FULL.has(codeOf(cause)) ? 'export-disk-full' : 'export-failed', { cause });
    }
  }
}

export const nodeFiles: FileCalls = {
  async write(file, bytes) {
    const handle = await open(file, 'wx', 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename,
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
}
