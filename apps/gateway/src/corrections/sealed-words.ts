import { z } from 'zod';
import { ownerAct } from '#corrections';

/** Sealed words are no longer than this, base64url: text of the most characters in the widest script, and the box. */
const MOST_SEALED = 24 * 1024;
const MOST_WORDS = 100;

const sealedWords = z.object({
  seq: z.int().positive(),
  statement: z.string().max(8 * 1024),
  act: ownerAct,
  content: z.object({ id: z.uuid(), sealed: z.string().max(MOST_SEALED) }),
});
export type SealedWords = z.infer<typeof sealedWords>;

const page = z.object({ words: z.array(sealedWords).max(MOST_WORDS) });
const letter = z.object({
  title: z.string(),
  paragraphs: z.array(z.string()).max(1_000),
  language: z.string().max(8),
  /** Paragraphs that stand for words which feedback cannot read; `lead` goes before them. */
  words: z
    .array(z.object({ seq: z.int().positive(), paragraph: z.int().nonnegative(), lead: z.string() }))
    .max(MOST_WORDS)
    .default([]),
});
export type ReadLetter = z.infer<typeof letter>;

/** Own words as feedback hands them over; undefined where it is no such page. */
export const readSealedWords = (answer: unknown): readonly SealedWords[] | undefined =>
  page.safeParse(answer).data?.words;

export const readLetter = (answer: unknown): ReadLetter | undefined => letter.safeParse(answer).data;
