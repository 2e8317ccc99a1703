import { z } from 'zod';
import { fromBase64Url, parseSubsystemId, type SubsystemId } from '#kernel';
import { DECISION_REASONS, EXTENSION_REASONS, QUESTION_CODES, TRANSFER_REASONS } from '#signing';
import { valueHash } from '../content/value-hash.js';

const SALT_BYTES = 32;
const HASH = /^h1:[A-Za-z0-9_-]{43}$/;

const salt = z
  .string()
  .refine((text) => fromBase64Url(text)?.length === SALT_BYTES, { message: 'must be 32 bytes in base64url' })
  .describe('32 random bytes, base64url: whoever has them can check the digest in the log.');
/** Own words have a salt of their own, which feedback does not get; the log has their digest within that of the act. */
const words = z
  .string()
  .regex(HASH)
  .optional()
  .describe('`valueHash(salt, text)` of own words that travel sealed for the portal, with the salt inside.');
const legalRef = z.string().min(3).max(200).describe('Article that the decision rests on.');
const person = z.string().min(1).max(64).describe('Who it is within the agency; an opaque id, not a name.');
const place = z.number().int().min(0).max(19).describe('Place in the items of the case.');
const subsystem = z
  .string()
  .refine((text): text is SubsystemId => parseSubsystemId(text).ok, { message: 'is no subsystem' });

/** What an owner does in a case (`corrections.md` §6), as it is sent and, where it has a salt, as its digest is made. */
export const ownerAct = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('receive'),
    receiptOver: z.string().regex(HASH).describe('Digest of the request that was opened.'),
  }),
  z.strictObject({ act: z.literal('start') }),
  z.strictObject({ act: z.literal('transfer'), target: subsystem, reason: z.enum(TRANSFER_REASONS) }),
  z.strictObject({ act: z.literal('request-info'), question: z.enum(QUESTION_CODES), salt, words }),
  z.strictObject({ act: z.literal('extend'), reason: z.enum(EXTENSION_REASONS) }),
  z.strictObject({
    act: z.literal('decide'),
    outcome: z.enum(['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED']),
    reasonCode: z.enum(DECISION_REASONS),
    legalRef: legalRef.optional(),
    remedies: z.array(z.string().min(1).max(64)).max(10).describe('Codes of where one may complain.'),
    accepted: z.array(place).max(20),
    ...{ preparedBy: person.optional(), approvedBy: person, salt, words },
  }),
  z.strictObject({
    act: z.literal('correct'),
    values: z.array(z.strictObject({ item: place, newValueHash: z.string().regex(HASH) })).max(20),
    effectiveFrom: z.iso.date().describe('From when the new values hold.'),
    salt,
  }),
  z.strictObject({ act: z.literal('join'), massId: z.uuid(), legalRef: legalRef.optional(), salt }),
]);
export type OwnerAct = Readonly<z.infer<typeof ownerAct>>;
export type OwnerActName = OwnerAct['act'];

/** `doc` of an act's statement: the salted digest of all that it says. Undefined: its statement has none of the act. */
export function actDoc(act: OwnerAct): string | undefined {
  if (!('salt' in act)) return undefined;
  const { salt: text, ...said } = act;
  return valueHash(fromBase64Url(text) ?? Buffer.alloc(0), said);
}
