import type { Database } from '#postgres';
import { parseVkey, type NoteKey } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { LogStore } from '../sequencer/log.store.js';
import type { SequencedLog } from '../sequencer/sequencer.service.js';
import { LogKeys, type LogKey } from './log-keys.service.js';
import { shardOf } from './window-name.js';
import { WindowStore } from './window.store.js';

export interface WriteWindowsOptions {
  readonly config: AuditConfig;
  readonly database: Database;
  /** As the sequencer has it, of any window. */
  readonly compare: (logId: number, key: NoteKey, size: number, isContinued: boolean) => Promise<void>;
}

/** Finds the window that is to be written, with its key, and makes what the sequencer needs of any. */
export class WriteWindows {
  readonly store: WindowStore;
  readonly keys: LogKeys;

  constructor(private readonly options: WriteWindowsOptions) {
    this.store = new WindowStore(options.database);
    this.keys = new LogKeys(options.config);
  }

  /** The newest window, if it is not the one in hand. Rejects if its key is not here. */
  async newest(inHand: number): Promise<SequencedLog | undefined> {
    const window = await this.store.newest();
    if (window === undefined || window.logId === inHand) return undefined;
    return this.sequenced(window.logId, await this.keys.load(window.origin));
  }

  readonly sequenced = (logId: number, { signer, key }: LogKey): SequencedLog => ({
    store: new LogStore(this.options.database, logId),
    signer,
    key,
    compare: (size, isContinued) => this.options.compare(logId, key, size, isContinued),
  });

  /** Public key of the window before, as `trust.json` has it. */
  async keyBefore(logId: number): Promise<NoteKey | undefined> {
    const before = await this.store.byId(logId - 1);
    const vkey = before === undefined ? undefined : (await this.keys.trusted()).get(before.origin);
    const key = vkey === undefined ? undefined : parseVkey(vkey);
    return key?.ok === true ? key.value : undefined;
  }
}

/**
 * A consumer group of this process alone: each of us reads all of it. Named by the shard, because a rotation must not
 * leave it with another name.
 */
export function ownGroup(purpose: string, origin: string): string {
  return `audit.${purpose}.${shardOf(origin).replaceAll('/', '.')}.${crypto.randomUUID()}`;
}
