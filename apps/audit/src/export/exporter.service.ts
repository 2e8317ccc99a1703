import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError } from '#kernel';
import type { Logger, Reading } from '#platform';
import { openNote, type Checkpoint, type NoteKey } from '#tlog';
import type { ExportDirectory } from './export-directory.store.js';
import type { ExportMetrics } from './export-metrics.service.js';
import type { ExportStore } from './export.store.js';
import { exportErrors } from './export.errors.js';
import { ExportedTree, filledBetween, type LogFile } from './exported-tree.js';

export interface ExporterOptions {
  readonly store: ExportStore;
  readonly directory: ExportDirectory;
  readonly key: NoteKey;
  /** Whether this process is the writer of the log: others export nothing. */
  readonly isOwner: () => boolean;
  readonly logger: Logger;
  readonly metrics: ExportMetrics;
}

/** Also the least time between two exported checkpoints (`audit-log.md` §3.6). */
const INTERVAL_MS = 1_000;
/** Leaves that are held in memory at once: 16 bundles. */
const LEAVES_PER_STEP = 4_096;
/** `bus.md` §6 caps the topic's records; no snapshot that came from there is larger than this once unpacked. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
const unzip = promisify(gunzip);

/**
 * Follows the head and keeps the log in a folder as a static web server serves it (`audit-log.md` §3.6): full tiles and
 * bundles once, the partial ones of each exported size, what the validity rule needs, and the checkpoint last. It
 * promises that whoever reads the checkpoint finds all that it covers, and that root and files follow from the same
 * leaves. It never repairs: a folder or a database that contradicts the other stops it.
 *
 * A crash leaves files beyond the exported checkpoint, which nobody was told of; the next pass compares and goes on.
 */
export class Exporter {
  /** Leaves whose full files are written; undefined: to be found out from the folder. Moved by `pass`. */
  private tree: ExportedTree | undefined;
  /** Size of the checkpoint in the folder; undefined before the first. */
  private published: number | undefined;
  /** Code of the last pass, if it failed. */
  private failure: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly options: ExporterOptions) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.attempt().then(() => {
        if (!this.isStopped) this.start();
      });
    }, INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Of the checkpoint in the folder, as far as this process has written or read it. */
  get publishedSize(): number | undefined {
    return this.published;
  }

  /** For `/status`. */
  reading(): Reading {
    if (this.failure !== undefined) return { state: 'degraded', reason: this.failure };
    return { state: 'ok', details: this.published === undefined ? {} : { size: this.published } };
  }

  /** One look at the head, and all that follows from it. Rejects with what is wrong; nothing wrong is published then. */
  async pass(): Promise<void> {
    const { store, directory } = this.options;
    if (!this.options.isOwner()) {
      this.tree = undefined;
      return;
    }
    const head = await store.head();
    if (head === undefined) return;
    this.tree ??= await this.resume(head.size);
    const before = this.published ?? 0;
    if (head.size === this.published) return;
    const checkpoint = this.open(head.note);
    if (checkpoint?.size !== head.size) throw exportErrors.error('export-damaged', { details: { what: 'note' } });
    const tree = await this.writeFull(this.tree, head.size);
    if (tree.size < head.size) return;
    if (!tree.root().equals(checkpoint.root)) {
      this.tree = undefined;
      throw exportErrors.error('export-damaged', { details: { what: 'root', size: head.size } });
    }
    await this.write(tree.edgeFiles(await this.bodies(tree.openFrom, head.size)));
    await this.writeSnapshots(before, head.size);
    await directory.sync();
    // Fenced meanwhile: the new writer exports, and its checkpoint may be the newer one.
    if (!this.options.isOwner()) return;
    await directory.replace('checkpoint', Buffer.from(head.note));
    await directory.sync();
    this.published = head.size;
    this.options.metrics.size.set({}, head.size);
    // The full tile says all that its partials said; a client that finds none takes it (C2SP tlog-tiles).
    for (const path of filledBetween(before, head.size)) await directory.remove(`${path}.p`);
  }

  private async attempt(): Promise<void> {
    const { logger, metrics } = this.options;
    try {
      await this.pass();
      if (this.failure !== undefined) logger.info({ size: this.published }, 'the log is exported again');
      this.failure = undefined;
    } catch (cause) {
      const code = cause instanceof AppError ? cause.code : 'export-failed';
      metrics.failures.add({});
      // Once per kind of trouble: it is tried again each second.
      if (this.failure !== code) logger.error({ alarm: code, err: cause }, 'alarm');
      this.failure = code;
    }
  }

  /** What stands in the folder is a memory of the log that the database must agree with (`audit-log.md` §3.4). */
  private async resume(size: number): Promise<ExportedTree> {
    const { store, directory } = this.options;
    await directory.prepare();
    this.published = undefined;
    const note = await directory.read('checkpoint');
    if (note === undefined) return ExportedTree.empty();
    const exported = this.open(note);
    if (exported === undefined) throw exportErrors.error('export-foreign');
    if (exported.size > size)
      throw exportErrors.error('export-ahead', { details: { exported: exported.size, log: size } });
    const tree = ExportedTree.fromEdge(exported.size, await store.edge(exported.size));
    if (!tree.ok || !tree.value.root().equals(exported.root))
      throw exportErrors.error('export-forked', { details: { size: exported.size } });
    this.published = exported.size;
    return tree.value;
  }

  private async writeFull(from: ExportedTree, size: number): Promise<ExportedTree> {
    let tree = from;
    while (tree.size < size) {
      // At the end of the process, and when another writes: what is written stays, and is gone on from.
      if (this.isStopped || !this.options.isOwner()) return tree;
      const bodies = await this.bodies(tree.openFrom, Math.min(size, tree.openFrom + LEAVES_PER_STEP));
      const { next, files } = tree.grow(bodies);
      await this.write(files);
      // Only now: what could not be written is made again from the same leaves.
      tree = next;
      this.tree = tree;
    }
    return tree;
  }

  private async bodies(from: number, to: number): Promise<Buffer[]> {
    const bodies = await this.options.store.bodies(from, to);
    if (bodies.length !== to - from) throw exportErrors.error('export-damaged', { details: { what: 'leaves', from } });
    return bodies;
  }

  private async write(files: readonly LogFile[]): Promise<void> {
    for (const { path, bytes } of files)
      if (await this.options.directory.writeOnce(path, bytes))
        this.options.logger.warn({ path }, 'a file beyond the exported checkpoint was replaced');
  }

  /** Uncompressed, so that every byte is one that a digest covers. */
  private async writeSnapshots(from: number, to: number): Promise<void> {
    for (const number of await this.options.store.snapshotNumbers(from, to)) {
      const named = await this.options.store.namedSnapshot(number);
      if (named === undefined) throw exportErrors.error('export-damaged', { details: { what: 'snapshot', number } });
      const bytes = await unzip(named.body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
      await this.write([
        { path: `snapshots/${named.digest}`, bytes },
        { path: `digests/${number}`, bytes: Buffer.from(named.digests) },
      ]);
    }
  }

  private open(note: string | Buffer): Checkpoint | undefined {
    const opened = openNote(note, [this.options.key]);
    return opened.ok && opened.value.origin === this.options.key.name ? opened.value : undefined;
  }
}
