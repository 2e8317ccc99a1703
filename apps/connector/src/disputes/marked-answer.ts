import { isAnythingAt, tokensOf, type ElementPlace } from '#snapshot';
import type { DisputeFlag } from './dispute-flag.js';

/** What an answer carries of the disputes about its data (`corrections.md` §6). */
export interface DisputeMarks {
  /** One for each disputed element that the answer holds. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** One of them may not go out for this purpose. */
  readonly isBlocked: boolean;
}

export const DISPUTED_HEADER = 'Kerege-Disputed';
export const UNMARKED: DisputeMarks = { headers: [], isBlocked: false };

/** Flags on elements that answers of the endpoint may hold. */
export function candidates(flags: readonly DisputeFlag[], places: readonly ElementPlace[]): DisputeFlag[] {
  return flags.filter(({ element }) => places.some((place) => place.element === element));
}

/** Marks by what the answer really holds, and by what it may hold where it cannot be read; of several flags on one element the oldest dates it. */
export function marksOf(
  flags: readonly DisputeFlag[],
  places: readonly ElementPlace[],
  answer: { readonly document: unknown; readonly isUnread?: boolean; readonly purpose: string },
): DisputeMarks {
  const held = flags.filter(({ element }) =>
    places.some(
      (place) => place.element === element && (answer.isUnread === true || holds(answer.document, place.pointer)),
    ),
  );
  const headers = [...Map.groupBy(held, ({ element }) => element)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([element, same]) => ({
      name: DISPUTED_HEADER,
      value: `${element};since=${dateOf(Math.min(...same.map(({ sinceMs }) => sinceMs)))}`,
    }));
  const isBlocked = held.some(
    ({ option, exemptPurposes }) => option === 'BLOCK' && !exemptPurposes.includes(answer.purpose),
  );
  return { headers, isBlocked };
}

function holds(document: unknown, pointer: string): boolean {
  const tokens = tokensOf(pointer);
  return tokens !== undefined && isAnythingAt(document, tokens);
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
