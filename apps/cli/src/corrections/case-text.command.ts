import { nextActs, type ReadCase, type Standing, type ToldNotice } from '#case-client';
import type { CorrectionContent } from '#corrections';
import { acknowledgeCommand, nextCommands, type TypedOptions } from './next-step.command.js';
import { harmless } from '../terminal/harmless.js';

/** One line of a list. */
export function caseLine({ id, publicNumber, state, deadlines, isMoving, isEscalated }: Standing): string {
  const due = deadlines.flatMap(({ clock, dueAt }) => (dueAt === undefined ? [] : [`${clock} until ${dueAt}`]));
  const marks = [...(isMoving ? ['on its way'] : []), ...(isEscalated ? ['escalated'] : [])];
  return [id, publicNumber, state, ...due, ...marks].join('  ');
}

/** A case as its owner reads it. Whoever filed it wrote much of this: nothing of it steers the terminal. */
export function caseLines(found: ReadCase, typed: TypedOptions, today: string): string[] {
  const { standing, opened, flaw } = found;
  const { kind, service, endpoint, portal, deadlines, state, isMoving } = standing;
  const flags = (['isDisputed', 'isExtended', 'isEscalated'] as const).filter((name) => standing[name]);
  const acts = nextActs(state);
  return [
    caseLine(standing),
    `  ${[kind, `${service} ${endpoint}`, `filed by ${portal} ${standing.filedAt}`].join(', ')}`,
    ...(flags.length === 0 ? [] : [`  ${flags.map((name) => name.slice(2).toLowerCase()).join(', ')}`]),
    ...deadlines.map(
      ({ clock, startedAt, dueAt, isExtended }) =>
        `  term to ${clock}: ${startedAt} to ${dueAt ?? '… (it stands)'}${isExtended ? ', extended' : ''}`,
    ),
    ...(opened === undefined
      ? [`  not opened: ${flaw === undefined || !('problem' in flaw) ? 'there is nothing to open' : flaw.problem}`]
      : contentLines(opened.content)),
    isMoving || acts.length === 0 ? '  next: nothing is to be done now' : `  next: ${acts.join(', ')}`,
    ...nextCommands(found, typed, today).map((line) => `    ${line}`),
  ].map(harmless);
}

/** News for a member that got a value. */
export function toldLines({ noticeId, isReopened, dueAt, content }: ToldNotice, typed: TypedOptions): string[] {
  const what = isReopened ? 'doubted again, wait for the next news' : 'corrected';
  const about =
    content === undefined
      ? 'cannot be opened with these keys'
      : `${content.elements.join(', ')} of ${content.subject}, got in exchange ${content.exchangeId}`;
  const since = content?.effectiveFrom === undefined ? [] : [`  holds since ${content.effectiveFrom}`];
  return [
    `${noticeId}  ${what}${dueAt === undefined ? '' : `  answer until ${dueAt}`}`,
    `  ${about}`,
    ...since,
    ...(isReopened
      ? []
      : ['  next: ask the service again, then acknowledge', `    ${acknowledgeCommand(noticeId, typed)}`]),
  ].map(harmless);
}

function contentLines({ subject, language, exchangeId, items, attachments }: CorrectionContent): string[] {
  return [
    `  about ${subject}, exchange ${exchangeId}, reads ${language}`,
    ...items.flatMap(({ element, pointer, doubted, proposed, asOf, explanation }, place) => [
      `  item ${place}: ${element ?? 'no element'} at ${pointer === '' ? 'the whole answer' : pointer}`,
      ...(doubted === undefined ? [] : [`    shown:    ${JSON.stringify(doubted)}`]),
      ...(proposed === undefined ? [] : [`    proposed: ${JSON.stringify(proposed)}`]),
      ...(asOf === undefined ? [] : [`    since:    ${asOf}`]),
      ...(explanation ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`    | ${line}`])),
    ]),
    ...attachments.map(
      ({ name, mediaType, bytes }) => `  attached: ${name} (${mediaType}, ${base64Bytes(bytes)} bytes)`,
    ),
  ];
}

function base64Bytes(text: string): number {
  return Buffer.from(text, 'base64').length;
}
