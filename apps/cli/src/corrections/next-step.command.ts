import { nextActs, type ReadCase, type Standing } from '#case-client';
import { EXTENSION_REASONS, QUESTION_CODES, type CaseState } from '#signing';
import { harmless } from '../terminal/harmless.js';

/** What `--as`, `--feedback` and `--keys` have to say again in the next command. */
export type TypedOptions = string;
type Acts = (found: ReadCase, today: string) => readonly (readonly string[])[];

const START = 'npx kerege correction';
/** Where the owner waits for others. */
const MEMBERS_TURN: ReadonlySet<CaseState> = new Set(['CORRECTED', 'PROPAGATING']);

/** Each act of `nextActs` as arguments; `join` has no command. */
const ACTS: Readonly<Record<string, Acts>> = {
  receive: ({ standing: { id } }) => [['receive', id]],
  start: ({ standing: { id } }) => [['start', id]],
  decide: ({ standing: { id, items } }) => [
    [
      ...['decide', id, '--outcome', 'ACCEPTED', '--reason', 'error-confirmed'],
      ...[
        '--accept',
        items.map((_item, place) => place).join(','),
        '--law',
        '<article>',
        '--approved-by',
        '<official>',
      ],
    ],
    [
      ...['decide', id, '--outcome', 'REJECTED', '--reason', 'data-correct', '--law', '<article>'],
      ...['--remedy', '<where-to-complain>', '--approved-by', '<official>'],
    ],
  ],
  'request-info': ({ standing: { id } }) => [['ask', id, '--question', QUESTION_CODES[0]]],
  extend: ({ standing: { id, isExtended } }) => (isExtended ? [] : [['extend', id, '--reason', EXTENSION_REASONS[0]]]),
  transfer: ({ standing: { id } }) => [['transfer', id, '--to', '<subsystem>', '--reason', 'not-our-element']],
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
  return nextActs(standing.state)
    .flatMap((act) => ACTS[act]?.(found, today) ?? [])
    .map((args) => spelled(args, typed));
}

/** For whoever has done something, or has a list before them. */
export function showCommand({ id }: Pick<Standing, 'id'>, typed: TypedOptions): string {
  return spelled(['show', id], typed);
}

export function acknowledgeCommand(noticeId: string, typed: TypedOptions): string {
  return spelled(['acknowledge', noticeId, '--action', 'APPLIED'], typed);
}

/** Options as they have to be typed again: those that are not what they would be without. */
export function typedOptions(
  options: Readonly<Record<string, string>>,
  usual: Readonly<Record<string, string>>,
): string {
  return Object.entries(options)
    .filter(([name, value]) => value !== usual[name])
    .map(([name, value]) => `--${name} ${word(value)}`)
    .join(' ');
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

/** One word for a POSIX shell, whatever is in it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
