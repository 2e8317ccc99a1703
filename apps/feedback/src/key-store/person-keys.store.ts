import { randomBytes } from 'node:crypto';
import type { Database } from '#postgres';
import { keyStoreErrors } from './key-store.errors.js';
import type { DoomedKey } from './doomed-keys.store.js';
import { epochTagKey, type EpochTag } from './tag.js';
import { unwrapKey, wrapKey, type KeyPlace } from './wrapped-key.js';

const KEY_BYTES = 32;
/** Of the random ids of data keys. */
export const ID_BYTES = 16;

/** A person's key within an epoch, and the random id by which its destruction is told. */
export interface DataKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

interface DataKeyRow {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly concealed_until: string;
  readonly id: Buffer;
  readonly key_enc: Buffer;
}

const WANTED = 'unnest($1::integer[], $2::bytea[], $3::bigint[])';
const FIND = `SELECT epoch, tag, concealed_until, id, key_enc FROM data_key
  JOIN ${WANTED} AS wanted (epoch, tag, concealed_until) USING (epoch, tag, concealed_until)`;
const ADD = `INSERT INTO data_key (epoch, tag, concealed_until, id, key_enc)
  SELECT * FROM unnest($1::integer[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[]) ON CONFLICT DO NOTHING
  RETURNING epoch, tag, concealed_until, id, key_enc`;
/** One statement: a key that is gone stands among the doomed. */
const DOOM = `WITH gone AS (
    DELETE FROM data_key USING ${WANTED} AS doomed (epoch, tag, concealed_until)
     WHERE data_key.epoch = doomed.epoch AND data_key.tag = doomed.tag
       AND data_key.concealed_until = doomed.concealed_until
    RETURNING id, data_key.epoch, data_key.tag)
  INSERT INTO doomed_key (id, epoch, tag) SELECT id, epoch, tag FROM gone RETURNING id, epoch, tag`;

/**
 * The keys of epochs, from which tags are made, and the data keys of persons within an epoch. What it returns is
 * committed: no row is ever written under a key that a crash would lose. A destroyed key is gone; the next access of
 * that person gets another.
 */
export class PersonKeys {
  /** Unwrapped; as many as there were quarters. Written by `epochKey` and `epochs`. */
  private readonly epochKeys = new Map<number, Buffer>();

  constructor(
    private readonly database: Database,
    private readonly kek: Buffer,
  ) {}

  async epochKey(epoch: number): Promise<Buffer> {
    const known = this.epochKeys.get(epoch);
    if (known !== undefined) return known;
    const fresh = wrapKey(this.kek, `epoch ${epoch}`, randomBytes(KEY_BYTES));
    await this.database.query('INSERT INTO epoch_key (epoch, key_enc) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      epoch,
      fresh,
    ]);
    await this.epochs();
    return this.epochKey(epoch);
  }

  /** Of every epoch that has a key, the newest first. */
  async epochs(): Promise<readonly { readonly epoch: number; readonly key: Buffer }[]> {
    const rows = await this.database.query<{ epoch: number; key_enc: Buffer }>(
      'SELECT epoch, key_enc FROM epoch_key ORDER BY epoch DESC',
    );
    for (const { epoch, key_enc: wrapped } of rows)
      if (!this.epochKeys.has(epoch)) this.epochKeys.set(epoch, this.unwrap(`epoch ${epoch}`, wrapped));
    return rows.map(({ epoch }) => ({ epoch, key: this.epochKeys.get(epoch) as Buffer }));
  }

  /** The data keys that there are, by `epochTagKey`. */
  async find(wanted: readonly EpochTag[]): Promise<Map<string, Buffer>> {
    return new Map([...(await this.findNamed(wanted))].map(([name, { key }]) => [name, key]));
  }

  /** The data keys of all of them, with their ids; what is missing is made. */
  async ensure(wanted: readonly EpochTag[]): Promise<Map<string, DataKey>> {
    const keys = await this.findNamed(wanted);
    const missing = distinct(wanted).filter((one) => !keys.has(epochTagKey(one)));
    if (missing.length === 0) return keys;
    const ids = missing.map(() => randomBytes(ID_BYTES));
    const wrapped = missing.map((one) => wrapKey(this.kek, placeOf(one), randomBytes(KEY_BYTES)));
    const added = await this.database.query<DataKeyRow>(ADD, [...columns(missing), ids, wrapped]);
    for (const [name, key] of this.byTag(added)) keys.set(name, key);
    // Another process was there first: its key stands.
    return added.length === missing.length ? keys : this.ensure(wanted);
  }

  /** Destroys them, and keeps their ids until the log tells of it; those that there were. */
  doom(tags: readonly EpochTag[]): Promise<DoomedKey[]> {
    return this.database.query<DoomedKey>(DOOM, columns(tags));
  }

  /** Destroys keys of that epoch and older ones, at most `limit`; how many. The caller knows that nothing is left under them. */
  async destroyUpTo(epoch: number, limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM data_key WHERE id IN (SELECT id FROM data_key WHERE epoch <= $1 LIMIT $2) RETURNING epoch`,
      [epoch, limit],
    );
    return rows.length;
  }

  isReachable(): Promise<boolean> {
    return this.database.isReachable();
  }

  private async findNamed(wanted: readonly EpochTag[]): Promise<Map<string, DataKey>> {
    if (wanted.length === 0) return new Map();
    return this.byTag(await this.database.query<DataKeyRow>(FIND, columns(wanted)));
  }

  private byTag(rows: readonly DataKeyRow[]): Map<string, DataKey> {
    return new Map(
      rows.map((row) => {
        const one = { epoch: row.epoch, tag: row.tag, concealedUntilMs: Number(row.concealed_until) };
        return [epochTagKey(one), { id: row.id, key: this.unwrap(placeOf(one), row.key_enc) }];
      }),
    );
  }

  private unwrap(place: KeyPlace, wrapped: Buffer): Buffer {
    const key = unwrapKey(this.kek, place, wrapped);
    if (key === undefined) throw keyStoreErrors.error('key-store-unreadable');
    return key;
  }
}

function placeOf({ epoch, tag, concealedUntilMs = 0 }: EpochTag): KeyPlace {
  const place = `data ${epoch} ${tag.toString('base64url')}` as const;
  return concealedUntilMs === 0 ? place : `${place} ${concealedUntilMs}`;
}

/** In one order, so that two that make the same keys at once never wait for each other. */
function distinct(tags: readonly EpochTag[]): EpochTag[] {
  const named = new Map(tags.map((one) => [epochTagKey(one), one]));
  return [...named.keys()].sort().flatMap((name) => named.get(name) ?? []);
}

function columns(tags: readonly EpochTag[]): [number[], Buffer[], number[]] {
  return [
    tags.map(({ epoch }) => epoch),
    tags.map(({ tag }) => tag),
    tags.map(({ concealedUntilMs = 0 }) => concealedUntilMs),
  ];
}
