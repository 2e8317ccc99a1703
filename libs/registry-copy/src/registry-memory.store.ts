import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { verifyMemberEntry, type KnownManifest, type VerifiedMember } from '#snapshot';
import { registryCopyErrors } from './registry-copy.errors.js';

/** What a process has believed of the registry until now. */
export interface Remembered {
  readonly manifest: KnownManifest;
  readonly members: readonly VerifiedMember[];
}

const memoryFile = z.strictObject({
  v: z.literal(1),
  number: z.number().int().positive(),
  doc: z.string(),
  members: z.array(z.strictObject({ id: z.string(), document: z.string(), keyChain: z.array(z.string()).min(1) })),
});

/**
 * The newest manifest that was adopted and every member's newest entry that was ever believed, in a folder of its process.
 * A restart would else make a reader that has never seen anybody, to whom the registry's key can show any first key. It
 * promises that the file is whole or as it was, and that what cannot be read is never taken for nothing.
 */
export class RegistryMemory {
  private readonly file: string;
  /** The write under way; the next waits for it. */
  private writing: Promise<void> = Promise.resolve();
  /** What is to be written after that; only the newest. */
  private next: Remembered | undefined;

  constructor(
    private readonly directory: string,
    private readonly failed: (cause: unknown) => void,
  ) {
    this.file = join(directory, 'registry.json');
  }

  /** Undefined if nothing was ever adopted here. */
  async read(): Promise<Remembered | undefined> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw this.broken(cause);
    }
    const parsed = memoryFile.safeParse(parseJson(text));
    if (!parsed.success) throw this.broken(parsed.error);
    const { number, doc, members } = parsed.data;
    return { manifest: { number, doc }, members: members.map((entry) => this.believed(entry)) };
  }

  /** Writes it as soon as the write before is over; what fails is told, and written with the next. */
  keep(remembered: Remembered): void {
    const isWaiting = this.next !== undefined;
    this.next = remembered;
    if (!isWaiting) this.writing = this.writing.then(() => this.write()).catch((cause: unknown) => this.failed(cause));
  }

  /** Resolves when everything that was to be kept has been written, or was told to have failed. */
  settled(): Promise<void> {
    return this.writing;
  }

  private believed(entry: VerifiedMember['entry']): VerifiedMember {
    const verified = verifyMemberEntry({ ...entry, id: entry.id });
    if (!verified.ok) throw this.broken(undefined, { member: entry.id, reason: verified.reason });
    return verified.value;
  }

  /** Beside, synced, renamed: a machine that dies leaves the old file or the new one. */
  private async write(): Promise<void> {
    const { next } = this;
    this.next = undefined;
    if (next === undefined) return;
    const { manifest, members } = next;
    const text = JSON.stringify({ v: 1, ...manifest, members: members.map(({ entry }) => entry) });
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const beside = `${this.file}.${randomUUID()}`;
    try {
      const handle = await open(beside, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(beside, this.file);
    } catch (cause) {
      await rm(beside, { force: true });
      throw cause;
    }
  }

  private broken(cause: unknown, details: Readonly<Record<string, unknown>> = {}) {
    return registryCopyErrors.error('registry-memory-broken', { cause, details: { file: this.file, ...details } });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema refuses `undefined`.
    return undefined;
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
