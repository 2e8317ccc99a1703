import type { Bus } from '#bus';
import type { Database } from '#postgres';
import { parseVkey, type NoteKey } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { LogStore } from '../sequencer/log.store.js';
import { publishedSize } from '../sequencer/published-size.service.js';
import type { SequencedLog } from '../sequencer/sequencer.service.js';
import { LogKeys, type LogKey } from './log-keys.service.js';
import { shardOf } from './window-name.js';
import { WindowStore } from './window.store.js';

/** The first window of a shard. */
const FIRST = 1;

export interface WriteWindowsOptions {
  readonly config: AuditConfig;
  readonly database: Database;
  readonly bus: Bus;
}

/** Finds the window that is to be written, with its key, and makes what the sequencer needs of any. */
export class WriteWindows {
  readonly store: WindowStore;
  readonly keys: LogKeys;

  constructor(private readonly options: WriteWindowsOptions) {
    this.store = new WindowStore(options.database);
    this.keys = new LogKeys(options.config);
  }

  /** The newest window; before there is any, the first one, which the settings name. */
  async newest(): Promise<SequencedLog> {
    const window = await this.store.newest();
    const key = await this.keys.load(window?.origin ?? this.options.config.origin);
    return this.sequenced(window?.logId ?? FIRST, key);
  }

  readonly sequenced = (logId: number, { signer, key }: LogKey): SequencedLog => {
    const { database, bus } = this.options;
    return {
      store: new LogStore(database, logId),
      signer,
      key,
      publishedSize: async () => {
        const group = this.group('checkpoints', crypto.randomUUID());
        return publishedSize(bus, key, group, undefined, await this.keyBefore(logId));
      },
    };
  };

  /** Consumer groups are the shard's: a rotation must not give its partition to two processes. */
  group(purpose: string, unique?: string): string {
    const base = `audit.${purpose}.${shardOf(this.options.config.origin).replaceAll('/', '.')}`;
    return unique === undefined ? base : `${base}.${unique}`;
  }

  private async keyBefore(logId: number): Promise<NoteKey | undefined> {
    const before = await this.store.byId(logId - 1);
    const vkey = before === undefined ? undefined : (await this.keys.trusted()).get(before.origin);
    const key = vkey === undefined ? undefined : parseVkey(vkey);
    return key?.ok === true ? key.value : undefined;
  }
}
