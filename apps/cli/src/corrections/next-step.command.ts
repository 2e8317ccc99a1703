import { nextActs, type ReadCase, type Standing } from '#case-client';
import { EXTENSION_REASONS, QUESTION_CODES, type CaseState } from '#signing';
import { word } from '../terminal/command-line.js';
import { harmless } from '../terminal/harmless.js';

/** What the options of a desk have to say again in the next command. */
export type TypedOptions = string;
type Acts = (found: ReadCase, today: string) => readonly (readonly string[])[];

const START = 'npx kerege correction';
/** Where the owner waits for others. */
const MEMBERS_TURN: ReadonlySet<CaseState> = new Set(['CORRECTED', 'PROPAGATING']);

/** Who prepares a decision and who approves it: a case that takes two persons is not decided without both. */
const BY_TWO = ['--prepared-by', '<official>', '--approved-by', '<other-official>'];

/** Each act of `nextActs` as arguments. */
const ACTS: Readonly<Record<string, Acts>> = {
  receive: ({ standing: { id } }) => [['receive', id]],
  start: ({ standing: { id } }) => [['start', id]],
  decide: ({ standing: { id, items } }) => [
    [
      ...['decide', id, '--outcome', 'ACCEPTED', '--reason', 'error-confirmed'],
      ...['--accept', items.map((_item, place) => place).join(','), '--law', '<article>', ...BY_TWO],
    ],
    [
      ...['decide', id, '--outcome', 'REJECTED', '--reason', 'data-correct', '--law', '<article>'],
      ...['--remedy', '<where-to-complain>', ...BY_TWO],
    ],
  ],
  'request-info': ({ standing: { id } }) => [['ask', id, '--question', QUESTION_CODES[0]]],
  extend: ({ standing: { id, isExtended } }) => (isExtended ? [] : [['extend', id, '--reason', EXTENSION_REASONS[0]]]),
  transfer: ({ standing: { id } }) => [['transfer', id, '--to', '<subsystem>', '--reason', 'not-our-element']],
  join: ({ standing: { id } }) => [joining(id, '<mass>')],
  correct: (found, today) => [['correct', found.standing.id, ...newValues(found), '--effective-from', today]],
};

/**
 * What its owner can type now, whole, the likeliest first. What only a person can say stands as `<…>`, which no shell
 * takes: it cannot be signed by mistake.
 */
export function nextCommands(found: ReadCase, typed: TypedOptions, today: string): string[] {
  const { standing } = found;
  if (standing.isMoving) return [`it is on its way into the log; look again: ${showCommand(standing, typed)}`];
  if (MEMBERS_TURN.has(standing.state))
    return [`members that got the value are told, and answer: ${START} told --as <their subsystem>`];
  const acts = nextActs(standing.state);
  return [
    ...acts.flatMap((act) => ACTS[act]?.(found, today) ?? []).map((args) => spelled(args, typed)),
    ...(acts.includes('decide') ? ['where one person may decide alone, --prepared-by can be left out'] : []),
  ];
}

/** For whoever has done something, or has a list before them. */
export function showCommand({ id }: Pick<Standing, 'id'>, typed: TypedOptions): string {
  return spelled(['show', id], typed);
}

export function acknowledgeCommand(noticeId: string, typed: TypedOptions): string {
  return spelled(['acknowledge', noticeId, '--action', 'APPLIED'], typed);
}

/** For each case that is to be answered by that mass correction. */
export function joinCommand(massId: string, typed: TypedOptions): string {
  return spelled(joining('<id>', massId), typed);
}

function joining(id: string, massId: string): string[] {
  return ['join', id, '--mass', massId, '--law', '<article>'];
}

/** The accepted items with what the person says is right; the official compares it with the register. */
function newValues({ standing, opened }: ReadCase): string[] {
  const accepted = standing.decision?.accepted ?? standing.items.map((_item, place) => place);
  return accepted.flatMap((place) => {
    const proposed = opened?.content.items[place]?.proposed;
    const json = proposed === undefined ? undefined : JSON.stringify(proposed);
    // What cannot be shown as it is must not be copied.
    const isPlain = json !== undefined && harmless(json) === json;
    return ['--value', isPlain ? `${place}=${json}` : '<item=new-value-as-JSON>'];
  });
}

function spelled(args: readonly string[], typed: TypedOptions): string {
  return [START, ...args.map((arg) => (arg.startsWith('<') ? arg : word(arg))), typed].join(' ');
}
