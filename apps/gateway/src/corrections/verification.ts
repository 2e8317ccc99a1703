import { z } from 'zod';
import { isHashable, valueHash } from '#corrections';
import { fromBase64Url } from '#kernel';
import type { KeptFiling } from './kept-filing.js';

/** What an owner says to have written: by place in the case's items, a digest under the case's salt. */
export interface WrittenValue {
  readonly item: number;
  readonly newValueHash: string;
}

const page = z.object({
  verifications: z
    .array(
      z.object({
        correctionId: z.uuid(),
        // A feedback of the release before says none: what it lists is looked at as one correction.
        seq: z.int().min(0).default(0),
        service: z.string().max(255),
        values: z
          .array(z.object({ item: z.int().min(0).max(19), newValueHash: z.string().regex(/^h1:[A-Za-z0-9_-]{43}$/) }))
          .max(20),
      }),
    )
    .max(1_000),
  next: z.string().max(512).optional(),
});
export type VerificationPage = z.infer<typeof page>;
export type WantedVerification = VerificationPage['verifications'][number];

const over = z.object({ over: z.array(z.uuid()).max(1_000) });

/** Ids of cases in which feedback says that nothing can be corrected any more; undefined where it says nothing of the kind. */
export const readOver = (answer: unknown): readonly string[] | undefined => over.safeParse(answer).data?.over;

/** A page of what feedback wants verified; undefined where it is none. */
export const readVerifications = (answer: unknown): VerificationPage | undefined => page.safeParse(answer).data;

/**
 * Whether an answer shows what the owner says to have written. The places are those of the filing, not feedback's: neither
 * operator nor owner says where to look. Undefined where nothing can be said: then nothing is stated.
 */
export function isCorrected(
  { salt: text, pointers }: KeptFiling,
  values: readonly WrittenValue[],
  answer: unknown,
): boolean | undefined {
  const salt = fromBase64Url(text);
  const places = values.map(({ item }) => pointers[item]);
  if (salt === undefined || values.length === 0 || places.includes(undefined) || !isHashable(answer)) return undefined;
  return values.every(({ newValueHash }, index) => {
    const found = valueAt(answer, places[index] ?? '');
    // What was taken out of a record is not there any more: its owner states `null`.
    return valueHash(salt, found === undefined ? null : found.value) === newValueHash;
  });
}

/** RFC 6901; undefined where nothing stands there. */
export function valueAt(json: unknown, pointer: string): { readonly value: unknown } | undefined {
  let value = json;
  for (const part of pointer.split('/').slice(1)) {
    const token = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^(?:0|[1-9]\d{0,8})$/.test(token)) return undefined;
    if (!Object.hasOwn(value, token)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[token];
  }
  return { value };
}
