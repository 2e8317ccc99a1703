import { decode, encode, message, SealedSchema } from '#contracts';
import { ok, refuse, type Result } from '#kernel';
import { openRecord, openSession, sealRecord, type PrivateJwk, type SealingSession } from '#signing';

/** What a delivery is, outside its sealing; moved to another id, kind or recipient it does not open. */
export interface DeliveryName {
  readonly id: string;
  readonly kind: string;
  /** Subsystem with whose key it is sealed. */
  readonly to: string;
}

export type DeliveryReason = 'delivery-malformed' | 'delivery-key-unknown' | 'delivery-unopenable';

/** Content for one subsystem, sealed in a session with its published key: whoever carries it reads nothing. */
export function sealDelivery(name: DeliveryName, content: Uint8Array, session: SealingSession): Buffer {
  const sealed = sealRecord(session.requestKey, content, associated(name));
  return Buffer.from(encode(SealedSchema, message(SealedSchema, { enc: session.enc, kid: session.kid, ...sealed })));
}

/** The key for which a delivery is sealed; nothing is opened. */
export function deliveryKid(sealed: Uint8Array): string | undefined {
  return decoded(sealed)?.kid;
}

/** Opens a delivery with its recipient's private key of that kid. Never throws for what somebody has sent. */
export async function openDelivery(
  name: DeliveryName,
  sealed: Uint8Array,
  privateKey: (kid: string) => PrivateJwk | undefined,
): Promise<Result<Buffer, DeliveryReason>> {
  const record = decoded(sealed);
  if (record === undefined) return refuse('delivery-malformed');
  const { kid, enc, nonce, ciphertext } = record;
  const privateJwk = privateKey(kid);
  if (privateJwk === undefined) return refuse('delivery-key-unknown');
  const session = await openSession({ recipient: name.to, kid, enc, privateJwk });
  const content = session && openRecord(session.requestKey, nonce, ciphertext, associated(name));
  return content === undefined ? refuse('delivery-unopenable') : ok(content);
}

function associated({ id, kind, to }: DeliveryName): Buffer {
  return Buffer.from(`kerege/delivery/v1\0${kind}\0${id}\0${to}`);
}

function decoded(sealed: Uint8Array) {
  try {
    return decode(SealedSchema, sealed);
  } catch {
    // Bytes of another kind: their sender's fault, an answer.
    return undefined;
  }
}
