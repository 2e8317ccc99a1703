import type { Database } from '#postgres';
import { generateSealingKey, type PrivateJwk } from '#signing';
import { keyStoreErrors } from '../key-store/key-store.errors.js';
import { unwrapKey, wrapKey } from '../key-store/wrapped-key.js';
import { isRotationDue, newestKey, type OpeningKey } from './opening-key.js';

interface OpeningKeyRow {
  readonly kid: string;
  readonly key_enc: Buffer;
  readonly announcement: string;
  readonly from_ms: string;
  readonly until_ms: string;
}

/** Of processes that rotate at once, one does; the number means nothing. */
const ROTATION_LOCK = 0x6b666203;

export interface Rotation {
  readonly nowMs: number;
  readonly rotateMs: number;
  /** Signs what is announced of a key. */
  readonly announce: (jwk: PrivateJwk, fromMs: number, untilMs: number) => Promise<string>;
}

/** The private keys with which openings are opened, each with what was announced of it; committed before it is announced. */
export class OpeningKeyStore {
  constructor(
    private readonly database: Database,
    private readonly kek: Buffer,
  ) {}

  /** The newest first. */
  async list(): Promise<OpeningKey[]> {
    const rows = await this.database.query<OpeningKeyRow>(
      'SELECT kid, key_enc, announcement, from_ms, until_ms FROM opening_key ORDER BY from_ms DESC',
    );
    return rows.map((row) => this.keyOf(row));
  }

  /** The keys that there are after another was made, if it was time. */
  async rotate({ nowMs, rotateMs, announce }: Rotation): Promise<OpeningKey[]> {
    return this.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock($1)', [ROTATION_LOCK]);
      const keys = await this.list();
      if (!isRotationDue(newestKey(keys, nowMs), rotateMs, nowMs)) return keys;
      const jwk = generateSealingKey();
      // Twice as long as it is the newest: feedback may be away for a day, and openings go on being sealed.
      const untilMs = nowMs + 2 * rotateMs;
      const announcement = await announce(jwk, nowMs, untilMs);
      const wrapped = wrapKey(this.kek, `opening ${jwk.kid}`, Buffer.from(JSON.stringify(jwk)));
      await queries.query(
        'INSERT INTO opening_key (kid, key_enc, announcement, from_ms, until_ms) VALUES ($1, $2, $3, $4, $5)',
        [jwk.kid, wrapped, announcement, nowMs, untilMs],
      );
      return [{ jwk, announcement, fromMs: nowMs, untilMs }, ...keys];
    });
  }

  async destroy(kid: string): Promise<void> {
    await this.database.query('DELETE FROM opening_key WHERE kid = $1', [kid]);
  }

  private keyOf(row: OpeningKeyRow): OpeningKey {
    const text = unwrapKey(this.kek, `opening ${row.kid}`, row.key_enc);
    if (text === undefined) throw keyStoreErrors.error('key-store-unreadable');
    return {
      // Written by `rotate`, and bound to its place: nobody else can have made it.
      jwk: JSON.parse(text.toString('utf8')) as PrivateJwk,
      announcement: row.announcement,
      fromMs: Number(row.from_ms),
      untilMs: Number(row.until_ms),
    };
  }
}
