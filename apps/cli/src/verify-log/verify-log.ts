import { refuse, ok, type Result } from '#kernel';
import { parseTrust, type TrustAnchors } from '../verify/trust.js';
import { ahead } from './ahead.js';
import { followsOn, nameOf, type WindowBefore } from './border.js';
import { readCheckpoint, type Checkpoint } from './checkpoint.js';
import { splitEntries } from './entries.js';
import { fileName, TILE_WIDTH, widthAt } from './file-names.js';
import { Findings } from './findings.js';
import { checkFolder, MAX_SNAPSHOT_BYTES } from './folder-check.js';
import { lawAgain, type LawFiles } from './law.js';
import { readTile, type LogSource } from './log-source.js';
import type { LogReport } from './report.js';
import { continues } from './seen-before.js';
import { SignatureQueue } from './signature-queue.js';
import { readStatement, type LoggedStatement } from './statement.js';
import type { LogState } from './state.js';
import { StatementJudge, type LogObserver, type SignatureJob } from './statement-judge.js';
import type { TileChecks } from './tile-checks.js';
import { TreeCheck, type SeenTree } from './tree-check.js';

export interface LogVerifyOptions {
  readonly source: LogSource;
  /** Bytes of a `trust.json` from elsewhere: all that is believed. */
  readonly trust: Uint8Array;
  readonly checks: TileChecks;
  /** Tiles and bundles that are read and hashed ahead. */
  readonly window: number;
  readonly treeOnly?: boolean | undefined;
  /** Another view of the same log: its checkpoint, with the name to call it by. */
  readonly against?: { readonly name: string; readonly note: Uint8Array } | undefined;
  /** The window that this one should follow on. */
  readonly before?: WindowBefore | undefined;
  /** Where the last verification ended; what lies left of it is not read again. */
  readonly state?: LogState | undefined;
  /** Read everything again; the state is then only a tree that was seen. */
  readonly fromStart?: boolean | undefined;
  readonly observer?: LogObserver | undefined;
  readonly onProgress?: ((leaves: number, size: number) => void) | undefined;
}

export interface LogVerdict {
  readonly report: LogReport;
  /** For the next verification; undefined unless this one found nothing. */
  readonly state: LogState | undefined;
}

const MAX_NOTE_BYTES = 64 * 1024;

/**
 * Verifies a whole log from outside (`audit-log.md` §2, `statements.md` §2): every byte of every file that the checkpoint
 * covers, and every statement. Rejects only if the source cannot be read; whatever is wrong with the log is a finding.
 */
export async function verifyLog(options: LogVerifyOptions): Promise<LogVerdict> {
  const findings = new Findings();
  const trust = parseTrust(options.trust);
  if (trust === undefined) findings.add('trust-invalid', 'trust.json');
  const checkpoint = trust === undefined ? undefined : await openCheckpoint(options.source, trust, findings);
  if (trust === undefined || checkpoint === undefined) return { report: emptyReport(findings), state: undefined };
  return new Verification(options, trust, checkpoint, findings).run();
}

async function openCheckpoint(
  source: LogSource,
  trust: TrustAnchors,
  findings: Findings,
): Promise<Checkpoint | undefined> {
  const note = await source.read('checkpoint', MAX_NOTE_BYTES);
  const opened = note === undefined ? refuse('checkpoint-missing' as const) : readCheckpoint(note, trust);
  if (opened.ok) return opened.value;
  findings.add(opened.reason, 'checkpoint');
  return undefined;
}

interface LoadedTile {
  readonly bundle: Buffer;
  readonly tile: Buffer;
  /** Of a full tile; else empty. */
  readonly root: Buffer;
}

class Verification {
  private readonly judge: StatementJudge;
  private readonly signatures: SignatureQueue;
  private readonly continued: { name: string; size: number }[] = [];
  private leavesRead = 0;
  private filesBeyond = 0;

  constructor(
    private readonly options: LogVerifyOptions,
    private readonly trust: TrustAnchors,
    private readonly checkpoint: Checkpoint,
    private readonly findings: Findings,
  ) {
    const judged = this.base?.judged;
    this.judge = new StatementJudge({
      registry: trust.registry,
      files: this.lawFiles,
      findings,
      laws: judged?.laws,
      book: judged?.book.copy(),
      closedAt: judged?.closedAt,
      observer: options.observer,
    });
    this.signatures = new SignatureQueue(options.checks, findings, options.window);
  }

  async run(): Promise<LogVerdict> {
    const seen = this.treesSeen();
    if (seen.ok && (await this.walk(seen.value))) {
      await this.border();
      this.filesBeyond = await this.folder();
    }
    return { report: this.report(), state: this.findings.count === 0 ? this.nextState() : undefined };
  }

  /** The state to go on from: none, if it does not know what is asked for now. */
  private get base(): LogState | undefined {
    const { state, fromStart, treeOnly } = this.options;
    if (state === undefined || fromStart === true || state.origin !== this.checkpoint.origin) return undefined;
    return treeOnly === true || state.judged !== undefined ? state : undefined;
  }

  private get lawFiles(): LawFiles {
    const { source } = this.options;
    return {
      digests: (number) => source.read(`digests/${number}`, MAX_SNAPSHOT_BYTES),
      snapshot: (digest) => source.read(`snapshots/${digest}`, MAX_SNAPSHOT_BYTES),
    };
  }

  private treesSeen(): Result<SeenTree[], undefined> {
    const { state, against } = this.options;
    const seen: SeenTree[] = [];
    if (state !== undefined && state.origin === this.checkpoint.origin)
      seen.push({ name: 'last verified checkpoint', size: state.size, root: Buffer.from(state.root, 'base64') });
    if (against !== undefined) {
      const other = readCheckpoint(against.note, this.trust);
      if (!other.ok || other.value.origin !== this.checkpoint.origin) {
        this.findings.add('against-invalid', against.name);
        return refuse(undefined);
      }
      seen.push({ name: against.name, size: other.value.size, root: other.value.root });
    }
    const larger = seen.find((tree) => tree.size > this.checkpoint.size);
    if (larger === undefined) return ok(seen);
    this.findings.add('log-behind', larger.name);
    return refuse(undefined);
  }

  /** Along the leaves. False: what follows cannot be judged any more. */
  private async walk(seen: readonly SeenTree[]): Promise<boolean> {
    const from = this.base?.size ?? 0;
    const first = Math.floor(from / TILE_WIDTH);
    const tree = await this.startTree(first * TILE_WIDTH);
    if (tree === undefined || !(await this.startLaw(from))) return false;
    const waiting = [...seen];
    if (!(await this.compareEarlier(waiting, tree))) return false;
    const open = await this.walkTiles(tree, waiting, first, from);
    await this.signatures.end();
    const root = open === undefined ? undefined : await tree.end(open);
    if (root?.equals(this.checkpoint.root) === true) return true;
    if (root !== undefined) this.findings.add('root', 'checkpoint');
    return false;
  }

  /** Returns the partial tile at the end, empty if there is none; undefined if it did not come so far. */
  private async walkTiles(
    tree: TreeCheck,
    waiting: SeenTree[],
    first: number,
    from: number,
  ): Promise<Buffer | undefined> {
    const { source, window, onProgress } = this.options;
    const { size } = this.checkpoint;
    let open: Buffer = Buffer.alloc(0);
    let index = first;
    for await (const loaded of ahead(first, Math.ceil(size / TILE_WIDTH), window, (at) => this.load(source, at))) {
      const width = widthAt(size, 'entries', index);
      if (loaded === undefined || !this.compareSeen(waiting, tree, loaded.tile, width)) return undefined;
      if (!(await this.judgeBundle(loaded.bundle, index * TILE_WIDTH, width, from))) return undefined;
      if (width < TILE_WIDTH) open = loaded.tile;
      else if (!(await tree.addFull(loaded.root))) return undefined;
      index += 1;
      this.leavesRead += width;
      onProgress?.(Math.min(size, index * TILE_WIDTH), size);
    }
    return open;
  }

  /** With the window before. Where the first leaf was judged earlier, it is read again. */
  private async border(): Promise<void> {
    const { before, treeOnly } = this.options;
    if (treeOnly !== true && this.judge.law === undefined && this.checkpoint.size > 0)
      this.findings.add('first-leaf', 'leaf 0');
    if (before === undefined) return;
    const size = await followsOn(before, await this.openedLeaf(), this.checkpoint, this.trust);
    if (size === undefined) this.findings.add('predecessor', before.name);
    else this.continued.push({ name: before.name, size });
  }

  private async openedLeaf(): Promise<LoggedStatement | undefined> {
    if (this.judge.opened !== undefined) return this.judge.opened;
    const bundle = await readTile(this.options.source, this.checkpoint.size, 'entries', 0);
    const entries = 'bytes' in bundle ? splitEntries(bundle.bytes, widthAt(this.checkpoint.size, 'entries', 0)) : [];
    const first = entries?.[0] === undefined ? undefined : readStatement(entries[0]);
    return first?.ok === true && first.value.fields.t === 'log.opened' ? first.value : undefined;
  }

  private startTree(leaves: number): Promise<TreeCheck | undefined> {
    const { source } = this.options;
    const { size } = this.checkpoint;
    if (leaves === 0) return Promise.resolve(TreeCheck.empty(source, size, this.findings));
    return TreeCheck.resume(source, size, this.findings, leaves);
  }

  private async startLaw(from: number): Promise<boolean> {
    const judged = this.base?.judged;
    if (this.options.treeOnly === true || judged === undefined || from === 0) return true;
    const law = await lawAgain(judged.laws, judged.manifest, judged.manifestAtMs, this.lawFiles);
    if (law.ok) this.judge.law = law.value;
    else this.findings.add(law.reason, 'last verified checkpoint');
    return law.ok;
  }

  /** Trees that end before the first tile that is read now; takes them from the list. */
  private async compareEarlier(waiting: SeenTree[], tree: TreeCheck): Promise<boolean> {
    const earlier = waiting.filter((seen) => seen.size <= tree.leafCount);
    for (const seen of earlier) {
      waiting.splice(waiting.indexOf(seen), 1);
      // Where the tree stands, what lies left of it was only read; before that, a few tiles tell.
      const holds =
        seen.size === tree.leafCount
          ? tree.meets(seen, Buffer.alloc(0))
          : await continues(this.options.source, seen, this.checkpoint);
      if (holds === undefined) this.findings.add('file-missing', 'hash tiles');
      if (!this.note(seen, holds === true)) return false;
    }
    return true;
  }

  private compareSeen(waiting: SeenTree[], tree: TreeCheck, tile: Buffer, width: number): boolean {
    const here = waiting.filter((seen) => seen.size <= tree.leafCount + width);
    for (const seen of here) {
      waiting.splice(waiting.indexOf(seen), 1);
      if (!this.note(seen, tree.meets(seen, tile))) return false;
    }
    return true;
  }

  private note({ name, size }: SeenTree, holds: boolean): boolean {
    if (holds) this.continued.push({ name, size });
    else this.findings.add('log-forked', name);
    return holds;
  }

  private async load(source: LogSource, index: number): Promise<LoadedTile | undefined> {
    const { size } = this.checkpoint;
    const width = widthAt(size, 'entries', index);
    const [bundle, tile] = await Promise.all([
      readTile(source, size, 'entries', index),
      readTile(source, size, 0, index),
    ]);
    for (const read of [bundle, tile]) if ('problem' in read) this.findings.add(read.problem, read.file);
    if ('problem' in bundle || 'problem' in tile) return undefined;
    const answer = await this.options.checks.tile({ bundle: bundle.bytes, tile: tile.bytes, width });
    if (answer.ok) return { bundle: bundle.bytes, tile: tile.bytes, root: Buffer.from(answer.root) };
    const kind = answer.problem === 'tile-length' ? 0 : 'entries';
    const file = fileName({ kind, index, width });
    this.findings.add(
      answer.problem,
      answer.problem === 'leaf-hash' ? `leaf ${index * TILE_WIDTH + answer.leaf}` : file,
    );
    return undefined;
  }

  private async judgeBundle(bundle: Buffer, first: number, width: number, from: number): Promise<boolean> {
    if (this.options.treeOnly === true) return true;
    const jobs: SignatureJob[] = [];
    for (const [at, entry] of (splitEntries(bundle, width) ?? []).entries()) {
      if (first + at < from) continue;
      const job = await this.judge.take(first + at, entry);
      if (job !== undefined) jobs.push(job);
      // Without a first manifest nobody's signature can be judged.
      if (!this.judge.canGoOn(first + at)) return false;
    }
    await this.signatures.put(jobs);
    return true;
  }

  private folder(): Promise<number> {
    return checkFolder(this.options.source, this.checkpoint.size, this.findings);
  }

  private nextState(): LogState {
    const { origin, size, root, note } = this.checkpoint;
    const { law, laws, book, closedAt } = this.judge;
    const judged =
      this.options.treeOnly === true || law === undefined
        ? undefined
        : { laws, manifest: law.manifest, manifestAtMs: law.atMs, book, closedAt };
    return { origin, size, root: root.toString('base64'), note, judged };
  }

  private report(): LogReport {
    const { origin, size, root, unknownLines } = this.checkpoint;
    const { book, types, laws, opened, successor } = this.judge;
    return {
      verified: this.findings.count === 0,
      origin,
      size,
      root: root.toString('base64'),
      leavesRead: this.leavesRead,
      resumedFrom: this.base?.size ?? 0,
      continues: this.continued,
      treeOnly: this.options.treeOnly === true,
      signatures: this.signatures.checked,
      statements: Object.fromEntries(types),
      snapshots: laws.length,
      follows: nameOf(opened?.fields.ref ?? ''),
      followedBy: nameOf(successor),
      conflicts: book.conflictList(),
      requestsWithoutSequel: book.unfollowed(),
      sequelsWithoutRequest: book.astray(),
      unknownSignatureLines: unknownLines,
      filesBeyond: this.filesBeyond,
      tableBytes: book.bytes,
      findingCount: this.findings.count,
      findings: this.findings.first,
    };
  }
}

function emptyReport(findings: Findings): LogReport {
  const nothing = { count: 0, first: [] };
  return {
    verified: false,
    origin: '',
    size: 0,
    root: '',
    leavesRead: 0,
    resumedFrom: 0,
    continues: [],
    treeOnly: false,
    signatures: 0,
    statements: {},
    snapshots: 0,
    follows: '',
    followedBy: '',
    conflicts: nothing,
    requestsWithoutSequel: nothing,
    sequelsWithoutRequest: nothing,
    unknownSignatureLines: 0,
    filesBeyond: 0,
    tableBytes: 0,
    findingCount: findings.count,
    findings: findings.first,
  };
}
