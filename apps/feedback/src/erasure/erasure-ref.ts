import { fromBase64Url, newExchangeId, toBase64Url } from '#kernel';
import type { ErasurePayload } from '#signing';
import { publicDigest } from '#snapshot';

/** 22 characters and a space each, within the 255 that `ref` of a statement may have. */
export const KEYS_PER_STATEMENT = 11;
const ID_BYTES = 16;
const RETENTION = /^retention ([A-Za-z0-9][A-Za-z0-9._-]{0,63}) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

/** What an erasure ended: the records under these keys, or those of a class that were older than an instant. */
export type ErasedPart =
  { readonly keys: readonly Buffer[] } | { readonly retention: string; readonly untilMs: number };

/** That `n` commitments of the log of that origin can be opened no more; `ref` says why, and names nobody. */
export function erasurePayload(origin: string, n: number, ref: string, nowMs: number): ErasurePayload {
  return { v: 1, t: 'erasure', id: newExchangeId(), ts: nowMs, n, doc: publicDigest(origin), ref };
}

/** `ref` of a statement of destroyed keys: their random ids. */
export function refOfKeys(ids: readonly Buffer[]): string {
  return ids.map(toBase64Url).join(' ');
}

/** `ref` of a statement that certifies the end of a retention. */
export function refOfRetention(name: string, untilMs: number): string {
  return `retention ${name} until ${new Date(untilMs).toISOString()}`;
}

/** Undefined if it says neither. */
export function readErasureRef(ref: string): ErasedPart | undefined {
  const [, retention, until] = RETENTION.exec(ref) ?? [];
  if (retention !== undefined && until !== undefined) {
    const untilMs = Date.parse(until);
    return Number.isNaN(untilMs) ? undefined : { retention, untilMs };
  }
  const keys = ref.split(' ').map(fromBase64Url);
  if (keys.length > KEYS_PER_STATEMENT) return undefined;
  return keys.every((id): id is Buffer => id?.length === ID_BYTES) ? { keys } : undefined;
}
