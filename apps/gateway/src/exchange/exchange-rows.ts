import { z } from 'zod';
import {
  parseExchangeId,
  parseServiceId,
  parseSubsystemId,
  type ExchangeId,
  type ServiceId,
  type SubsystemId,
} from '#kernel';
import type { NewRow, StoredRow } from './row.js';

/** Who holds an idempotency key, and with what call. */
export interface KeyHolder {
  readonly exchangeId: ExchangeId;
  readonly fingerprint: Buffer;
  readonly deadlineMs: number;
}

/** A key that outlived the row of its exchange. */
export interface ErasedHolder {
  readonly kind: 'erased';
  readonly exchangeId: ExchangeId;
}

export const rowNames =
  'id, consumer, service, fingerprint, requested, salt, openings, request_head, deadline_ms, created_ms';

const COLUMNS = [
  '$1::uuid[]',
  '$2::text[]',
  '$3::text[]',
  '$4::bytea[]',
  '$5::text[]',
  '$6::bytea[]',
  '$7::text[]',
  '$8::text[]',
  '$9::bigint[]',
  '$10::bigint[]',
].join(', ');

/** New rows as one array parameter per column, in the order of `rowNames`. */
export const rowColumns = {
  from: `unnest(${COLUMNS}) AS given (${rowNames})`,
  fromWith: (parameter: string, name: string) => `unnest(${COLUMNS}, ${parameter}) AS u (${rowNames}, ${name})`,
  values: (rows: readonly NewRow[]): unknown[] => [
    rows.map((row) => row.id),
    rows.map((row) => row.consumer),
    rows.map((row) => row.service),
    rows.map((row) => row.fingerprint),
    rows.map((row) => row.requested),
    rows.map((row) => row.salt),
    rows.map((row) => JSON.stringify(row.openings)),
    // What the call named beside its head lies with it; evidence shows the head alone.
    rows.map(({ requestHead, concealment }) => JSON.stringify({ ...requestHead, concealment })),
    rows.map((row) => row.deadlineMs),
    rows.map((row) => row.createdMs),
  ],
};

const exchangeId = z.custom<ExchangeId>((text) => typeof text === 'string' && parseExchangeId(text) !== undefined);
const subsystem = z.custom<SubsystemId>((text) => typeof text === 'string' && parseSubsystemId(text).ok);
const service = z.custom<ServiceId>((text) => typeof text === 'string' && parseServiceId(text).ok);
const bytes = z.instanceof(Buffer);
/** bigint columns come as text; milliseconds are exact as numbers. */
const milliseconds = z.coerce.number().int();
const pairs = z.array(z.tuple([z.string(), z.string()]));

function json<Schema extends z.ZodType>(schema: Schema) {
  return z.string().transform((text) => schema.parse(JSON.parse(text)));
}

const rowSchema = z.object({
  id: exchangeId,
  consumer: subsystem,
  service,
  requested: z.string(),
  salt: bytes,
  openings: json(
    z.array(
      z.object({
        kind: z.enum(['subject', 'user']),
        statement: z.number(),
        index: z.number(),
        r: z.string(),
        country: z.string(),
        type: z.string(),
        code: z.string(),
      }),
    ),
  ),
  request_head: json(
    z.object({
      method: z.string(),
      target: z.string(),
      headers: pairs,
      bodySha512: z.string().nullable(),
      concealment: z.string().optional(),
    }),
  ),
  deadline_ms: milliseconds,
  created_ms: milliseconds,
  outcome: z.enum(['answered', 'refused', 'failed']).nullable(),
  outcome_code: z.string().nullable(),
  outcome_side: z.enum(['consumer', 'bus', 'provider', 'provider-system', 'unknown']).nullable(),
  outcome_jws: z.string().nullable(),
  outcome_by: z.enum(['gateway', 'provider']).nullable(),
  answer_head: json(z.object({ status: z.number(), headers: pairs, bodySha512: z.string() })).nullable(),
  ended_ms: milliseconds.nullable(),
});

/** A row as the database gives it. Our own writing, but a database outlives a release: it is parsed all the same. */
export function parseRow(record: Readonly<Record<string, unknown>>): StoredRow {
  const row = rowSchema.parse(record);
  const { concealment, ...requestHead } = row.request_head;
  return {
    id: row.id,
    consumer: row.consumer,
    service: row.service,
    requested: row.requested,
    salt: row.salt,
    openings: row.openings,
    requestHead,
    concealment,
    deadlineMs: row.deadline_ms,
    createdMs: row.created_ms,
    outcome:
      row.outcome === null
        ? undefined
        : {
            kind: row.outcome,
            code: row.outcome_code ?? undefined,
            side: row.outcome_side ?? undefined,
            jws: row.outcome_jws ?? undefined,
            by: row.outcome_by ?? 'gateway',
            answerHead: row.answer_head ?? undefined,
            endedMs: row.ended_ms ?? 0,
          },
  };
}

const holderSchema = z.object({ exchange_id: exchangeId, fingerprint: bytes, deadline_ms: milliseconds });
/** Columns of the row that is gone are null. */
const erasedSchema = z.object({ exchange_id: exchangeId, fingerprint: z.null() });

/** Who holds a key, by the key beside its exchange's row; undefined if there is no such key. */
export function keyHolder(record: unknown): KeyHolder | ErasedHolder | undefined {
  if (record === undefined) return undefined;
  const erased = erasedSchema.safeParse(record);
  if (erased.success) return { kind: 'erased', exchangeId: erased.data.exchange_id };
  const row = holderSchema.parse(record);
  return { exchangeId: row.exchange_id, fingerprint: row.fingerprint, deadlineMs: row.deadline_ms };
}
