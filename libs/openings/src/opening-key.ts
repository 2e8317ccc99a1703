import { z } from 'zod';
import { ok, refuse, type InstanceId, type Result } from '#kernel';
import {
  documentKid,
  publicJwk,
  signDocument,
  thumbprint,
  verifyDocument,
  type PublicJwk,
  type Signer,
} from '#signing';
import type { RegistryView } from '#snapshot';

/** The key for which openings are sealed from `fromMs` on, as a feedback instance has announced it. */
export interface OpeningKey {
  readonly instance: InstanceId;
  readonly kid: string;
  /** X25519. */
  readonly jwk: PublicJwk;
  readonly fromMs: number;
  /** Nobody seals with it from then on. */
  readonly untilMs: number;
}

/** An announcement that was checked, with the key that signed it. */
export interface Announced extends OpeningKey {
  readonly signedBy: string;
}

export type OpeningKeyReason =
  'opening-key-malformed' | 'opening-key-foreign' | 'opening-key-expired' | 'opening-key-early' | 'opening-key-older';

const TYPE = 'kerege-opening-key+jwt';
const MAX_BYTES = 4096;
/** As far as clocks may be apart (`bus.md` §4.3). */
export const EARLY_MS = 5 * 60_000;

const kid = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const payloadSchema = z.strictObject({
  v: z.literal(1),
  instance: z.string(),
  key: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: kid, kid }),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
});

/** Value of the record on `feedback.opening-key`; `signer` is the instance's own key, published in the snapshot. */
export function signOpeningKey({ instance, kid, jwk, fromMs, untilMs }: OpeningKey, signer: Signer): Promise<string> {
  const [from, until] = [fromMs, untilMs].map((ms) => new Date(ms).toISOString());
  return signDocument(TYPE, { v: 1, instance, key: { ...publicJwk(jwk), kid }, from, until }, signer);
}

/**
 * Checks an announcement against the snapshot: whoever can write to the topic could otherwise have openings sealed for
 * himself. Nothing of it is read before the signature of a feedback instance is found good.
 */
export function readOpeningKey(jws: string, view: RegistryView, nowMs: number): Result<Announced, OpeningKeyReason> {
  const signedBy = jws.length > MAX_BYTES ? undefined : documentKid(TYPE, jws);
  if (signedBy === undefined) return refuse('opening-key-malformed');
  const signer = view.instances.find(({ id }) => isSignedBy(view, id, signedBy, nowMs));
  const jwk = signer === undefined ? undefined : view.keyOf(signer.id, signedBy)?.jwk;
  if (signer === undefined || jwk === undefined) return refuse('opening-key-foreign');
  const verified = verifyDocument(TYPE, jws, jwk);
  if (!verified.ok) return refuse('opening-key-foreign');
  const announced = readPayload(verified.value, signedBy);
  if (announced === undefined) return refuse('opening-key-malformed');
  if (announced.instance !== signer.id) return refuse('opening-key-foreign');
  if (announced.untilMs <= nowMs) return refuse('opening-key-expired');
  return announced.fromMs > nowMs + EARLY_MS ? refuse('opening-key-early') : ok(announced);
}

function readPayload(payload: unknown, signedBy: string): Announced | undefined {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { instance, key, from, until } = parsed.data;
  if (thumbprint(key) !== key.kid) return undefined;
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
  // Compared by the caller with the identifier of a registered instance.
  return { instance: instance as InstanceId, kid: key.kid, jwk: publicJwk(key), fromMs, untilMs, signedBy };
}

/** Whether the snapshot lets that key sign for that feedback instance now. */
export function isSignedBy(view: RegistryView, instance: InstanceId, signedBy: string, nowMs: number): boolean {
  if (view.instanceEntry(instance)?.kind !== 'feedback') return false;
  const key = view.keyOf(instance, signedBy);
  return key?.use === 'sign' && key.fromMs <= nowMs && nowMs < key.untilMs;
}
