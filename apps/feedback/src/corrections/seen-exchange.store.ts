import { setTimeout as pause } from 'node:timers/promises';
import { exchangeIdBytes, parseExchangeId } from '#kernel';
import type { Database } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';

/** An answer in which a datum was seen. */
export interface SeenExchange {
  readonly exchangeId: string;
  readonly service: string;
  readonly endpoint: string;
}

const ABOUT = `
  SELECT FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
    JOIN subject_access AS access USING (epoch, tag) JOIN exchange ON exchange.leaf_hash = access.exchange
   WHERE access.kind = 0 AND access.ts_ms BETWEEN $3::bigint AND $4::bigint AND exchange.exchange_id = $5::uuid
     AND exchange.service = $6 AND exchange.endpoint = $7
     AND (access.concealed_until IS NULL OR access.concealed_until <= $8::bigint) LIMIT 1`;
/**
 * A leaf of it that is concealed conceals all of it; of one that is gone nothing says any more whether it was. Behind
 * `OFFSET` no plan reads the person's rows at once and holds each against the times.
 */
const SHOWN = `
  SELECT seen.exchange_id FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
   CROSS JOIN unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS seen (exchange_id, from_ms, until_ms)
   CROSS JOIN LATERAL (
         SELECT kind, exchange, concealed_until FROM subject_access AS own
          WHERE own.epoch = person.epoch AND own.tag = person.tag AND own.ts_ms BETWEEN seen.from_ms AND seen.until_ms
         OFFSET 0) AS access
    JOIN exchange ON exchange.leaf_hash = access.exchange AND exchange.exchange_id = seen.exchange_id
   WHERE access.kind = 0
   GROUP BY seen.exchange_id HAVING bool_and(access.concealed_until IS NULL OR access.concealed_until <= $6::bigint)`;
/** Intake bears so much between an id's time and its statement's, and some more. */
const APART_MS = 10 * 60_000;
/** Leaf and opening of an answer are on their way for a moment, and a person may be quicker. */
const FRESH_MS = 10_000;
const FRESH_WAIT_MS = 3_000;
const LOOK_EVERY_MS = 200;

/** Looks exchanges up in one person's index, each in the minutes of its id. */
export class SeenExchanges {
  constructor(
    private readonly database: Database,
    private readonly clock: { now(): number },
  ) {}

  /** Of an answer of seconds ago that is not in the index yet, it waits for some seconds whether it comes. */
  async isAbout(person: readonly EpochTag[], seen: SeenExchange): Promise<boolean> {
    const atMs = timeOf(seen.exchangeId);
    if (atMs === undefined) return false;
    const untilMs = performance.now() + (Math.abs(this.clock.now() - atMs) < FRESH_MS ? FRESH_WAIT_MS : 0);
    for (;;) {
      if (await this.isIndexed(person, seen, atMs)) return true;
      if (performance.now() >= untilMs) return false;
      await pause(LOOK_EVERY_MS);
    }
  }

  private async isIndexed(
    person: readonly EpochTag[],
    { exchangeId, service, endpoint }: SeenExchange,
    atMs: number,
  ): Promise<boolean> {
    const rows = await this.database.query(ABOUT, [
      person.map(({ epoch }) => epoch),
      person.map(({ tag }) => tag),
      ...[atMs - APART_MS, atMs + APART_MS, exchangeId, service, endpoint, this.clock.now()],
    ]);
    return rows.length > 0;
  }

  /** Those of these exchanges that the person is shown now: none that an order conceals from them. */
  async shown(person: readonly EpochTag[], exchangeIds: readonly string[]): Promise<ReadonlySet<string>> {
    const named = [...new Set(exchangeIds)].flatMap((id) => {
      const atMs = timeOf(id);
      return atMs === undefined ? [] : [{ id, atMs }];
    });
    if (named.length === 0) return new Set();
    const rows = await this.database.query<{ exchange_id: string }>(SHOWN, [
      person.map(({ epoch }) => epoch),
      person.map(({ tag }) => tag),
      named.map(({ id }) => id),
      named.map(({ atMs }) => atMs - APART_MS),
      named.map(({ atMs }) => atMs + APART_MS),
      this.clock.now(),
    ]);
    return new Set(rows.map((row) => row.exchange_id));
  }
}

function timeOf(exchangeId: string): number | undefined {
  const id = parseExchangeId(exchangeId);
  return id === undefined ? undefined : Buffer.from(exchangeIdBytes(id)).readUIntBE(0, 6);
}
