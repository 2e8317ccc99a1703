import { Rounds, type Reading, type StatusPart } from '#platform';
import { parseVkey, type NoteKey } from '#tlog';
import type { WitnessState } from '../witness/witness-side.service.js';
import type { LogKeys } from './log-keys.service.js';
import { WindowSide, type WindowSideOptions } from './window-side.service.js';
import { stateOf } from './window-state.js';
import type { StoredWindow, WindowStore } from './window.store.js';

export interface WindowSidesOptions extends Omit<WindowSideOptions, 'mayPublish' | 'scrubPercent'> {
  readonly windows: WindowStore;
  readonly keys: Pick<LogKeys, 'trusted'>;
  readonly intervalMs: number;
}

/**
 * Sees to it that witnesses, export and scrub follow the log from window to window, also over a rotation that another
 * process made, or that a crash cut in two: what is to be done follows from the tables alone, and is looked for again and
 * again.
 */
export class WindowSides {
  /** By number; bounded by the windows that are not done with. */
  private readonly sides = new Map<number, WindowSide>();
  private readonly rounds: Rounds;
  /** How many windows nobody looks into any more; written by `look`. */
  private frozen = 0;

  constructor(private readonly options: WindowSidesOptions) {
    const logger = options.logger.child('windows');
    const failed = (cause: unknown) =>
      logger.warn({ err: cause }, 'what follows the windows of the log is looked for again');
    this.rounds = new Rounds(() => this.look(), failed, options.intervalMs);
  }

  /** Of that window, made when it is first asked for. */
  at(logId: number, key: NoteKey): WindowSide {
    const known = this.sides.get(logId);
    if (known !== undefined) return known;
    const { config } = this.options;
    const scrubPercent = () => config.scrubPercent / this.sides.size;
    const side = new WindowSide({ ...this.options, mayPublish: () => this.mayPublish, scrubPercent }, logId, key);
    this.sides.set(logId, side);
    return side;
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
    await Promise.all([...this.sides.values()].map((side) => side.stop()));
  }

  /** After the last checkpoint was handed to witnesses. */
  async close(): Promise<void> {
    await Promise.all([...this.sides.values()].map((side) => side.close()));
  }

  /** Looks for what is due now, and does not wait for it. */
  lookSoon(): void {
    this.rounds.soon();
  }

  /** False once a witness has seen another tree of any window, and while another process writes. */
  get mayPublish(): boolean {
    return this.options.sequencer.isOwner && !this.isForked;
  }

  /**
   * Notes a checkpoint for readers and hands it to the witnesses of its log. False: it may not be published, because a
   * witness has seen another tree, or because nothing here has that log's witnesses.
   */
  async publish(note: string): Promise<boolean> {
    const origin = note.slice(0, note.indexOf('\n'));
    const side = [...this.sides.values()].find(({ key }) => key.name === origin);
    await side?.witnesses.publish(note);
    return side !== undefined && !this.isForked;
  }

  /** What two operators took upon themselves becomes a leaf; rejects if the broker does not take it. */
  async stateApproval(): Promise<void> {
    for (const side of this.sides.values()) await side.witnesses.stateApproval();
  }

  /** Of the newest window, and the fork of any; undefined where no witness is configured. */
  get witnessState(): WitnessState | undefined {
    const states = this.newestFirst().map(({ witnesses }) => witnesses.state);
    const [newest] = states;
    return newest === undefined
      ? undefined
      : { lanes: newest.lanes, fork: states.find((state) => state?.fork !== undefined)?.fork };
  }

  /** Frozen windows are not scrubbed, which nobody is to take for well: `verify-log` looks at their files. */
  readonly scrubPart: StatusPart = {
    name: 'scrub',
    read: async () => {
      const reading = await this.worst(this.newestFirst().map(({ scrub }) => scrub.part));
      return { ...reading, details: { ...reading.details, windowsNotScrubbed: this.frozen } };
    },
  };

  get exportParts(): readonly StatusPart[] {
    if (this.options.config.exportDir === '') return [];
    return [{ name: 'export', read: () => this.worst(this.newestFirst().flatMap((side) => side.export.parts)) }];
  }

  private get isForked(): boolean {
    return [...this.sides.values()].some(({ witnesses }) => !witnesses.mayPublish);
  }

  private newestFirst(): WindowSide[] {
    return [...this.sides.values()].sort((a, b) => b.logId - a.logId);
  }

  /** The first that is not well, else that of the newest window. */
  private async worst(parts: readonly StatusPart[]): Promise<Reading> {
    const readings = await Promise.all(parts.map(async (part) => part.read()));
    return readings.find(({ state }) => state !== 'ok') ?? readings[0] ?? { state: 'ok' };
  }

  private async look(): Promise<number> {
    const { windows, keys, intervalMs } = this.options;
    const stored = await windows.list();
    this.frozen = stored.filter((window) => stateOf(window) === 'frozen').length;
    const isNew = stored.some(({ logId }) => !this.sides.has(logId));
    const vkeys = isNew ? await keys.trusted() : new Map<string, string>();
    for (const window of stored) await this.follow(window, vkeys.get(window.origin));
    return intervalMs;
  }

  private async follow(window: StoredWindow, vkey: string | undefined): Promise<void> {
    const state = stateOf(window);
    const known = this.sides.get(window.logId);
    // Its leaves may have left the database: then it was exported before.
    if (known === undefined && state === 'frozen' && !(await this.isToBeExported(window))) return;
    const key = vkey === undefined ? undefined : parseVkey(vkey);
    const side = known ?? (key?.ok === true ? this.at(window.logId, key.value) : undefined);
    if (side === undefined) return;
    await side.follow(window, state);
    if (!side.isDone(window, state)) return;
    this.sides.delete(window.logId);
    this.exported.add(window.logId);
    await side.stop();
    await side.close();
  }

  /** Frozen windows that need no look any more. */
  private readonly exported = new Set<number>();

  private async isToBeExported({ logId }: StoredWindow): Promise<boolean> {
    if (this.options.config.exportDir === '' || this.exported.has(logId)) return false;
    const isAttached = await this.options.windows.holdsLeaves(logId);
    if (!isAttached) this.exported.add(logId);
    return isAttached;
  }
}
