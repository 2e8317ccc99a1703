import type { Opening, OpeningContent } from '#contracts';
import { opens, type CommitmentKind, type SubjectOpening } from '#signing';
import type { OpeningFlaw } from './opening-flaw.js';

/** A commitment of the leaf that an opening names. */
export interface KnownCommitment {
  readonly kind: CommitmentKind;
  readonly position: number;
  readonly value: string;
}

/**
 * Who acted, as seen from the person of the row; `unknown`: the leaf commits to somebody who was not opened, or whose kind
 * the registry does not tell.
 */
export type EndUserRelation = 'none' | 'self' | 'representative' | 'official' | 'unknown';

export interface OpenedCommitment<Commitment> {
  readonly commitment: Commitment;
  readonly opening: SubjectOpening;
  readonly endUser: EndUserRelation;
}

export interface Judgement<Commitment> {
  /** Those that reproduce their commitment, whatever is wrong with others. */
  readonly opened: readonly OpenedCommitment<Commitment>[];
  readonly flaw: OpeningFlaw | undefined;
}

/** Of what kind the people are who are called like that one; undefined: the registry does not tell (ADR 0018). */
export type KindOfPerson = (person: Pick<SubjectOpening, 'country' | 'type'>) => 'citizen' | 'official' | undefined;

/**
 * What an opening opens of the commitments of its leaf. Nobody signs openings: each is believed exactly as far as it
 * reproduces what stands in the log.
 */
export function judgeOpening<Commitment extends KnownCommitment>(
  { subjects, users }: Pick<OpeningContent, 'subjects' | 'users'>,
  commitments: readonly Commitment[],
  kindOf: KindOfPerson,
): Judgement<Commitment> {
  const found = commitments.map((commitment) => {
    const opening = (commitment.kind === 'subject' ? subjects : users)[commitment.position];
    return { commitment, opening: opening === undefined ? undefined : subjectOpening(opening) };
  });
  const good = found.flatMap(({ commitment, opening }) =>
    opening !== undefined && opens(commitment.kind, commitment.value, opening) ? [{ commitment, opening }] : [],
  );
  const actors = good.filter(({ commitment }) => commitment.kind === 'user').map(({ opening }) => opening);
  const isActorKnown = actors.length === commitments.filter(({ kind }) => kind === 'user').length;
  const opened = good.map((one): OpenedCommitment<Commitment> => ({
    ...one,
    endUser: isActorKnown ? relation(one.opening, actors, kindOf) : 'unknown',
  }));
  if (subjects.length + users.length < commitments.length) return { opened, flaw: 'opening-incomplete' };
  const isWhole = good.length === commitments.length && subjects.length + users.length === commitments.length;
  return { opened, flaw: isWhole ? undefined : 'opening-false' };
}

function relation(person: SubjectOpening, actors: readonly SubjectOpening[], kindOf: KindOfPerson): EndUserRelation {
  if (actors.length === 0) return 'none';
  if (actors.some(({ country, type, code }) => isSame(person, { country, type, code }))) return 'self';
  const kinds = new Set(actors.map(kindOf));
  if (kinds.has('official')) return 'official';
  return kinds.has(undefined) ? 'unknown' : 'representative';
}

function isSame(a: Omit<SubjectOpening, 'r'>, b: Omit<SubjectOpening, 'r'>): boolean {
  return a.country === b.country && a.type === b.type && a.code === b.code;
}

function subjectOpening({ r, country, type, code }: Opening): SubjectOpening {
  return { r, country, type, code };
}
