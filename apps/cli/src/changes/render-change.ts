import { renderChanges } from '../apply/render-changes.js';
import type { Terminal } from '../terminal/terminal.js';
import { harmless } from '../terminal/harmless.js';
import type { ChangeView } from './change-desk.service.js';
import { itemLines } from './render-items.js';

const COLOURS = { EFFECTIVE: 'green', REJECTED: 'red', WITHDRAWN: 'dim', SUPERSEDED: 'red' } as const;

/** One line: id, where it stands, what it is about. */
export function headOf({ id, state, changes, reason, effectiveAt, isEmergency }: ChangeView, paint: Terminal['paint']) {
  const colour = Object.entries(COLOURS).find(([name]) => name === state)?.[1] ?? 'yellow';
  const when = effectiveAt === undefined ? '' : ` from ${effectiveAt}`;
  const how = isEmergency ? ' emergency' : '';
  return `${id}  ${paint(colour, state.padEnd(10))}${how}${when}  ${changes.length} changes: ${harmless(reason)}\n`;
}

/** With every change and everything that was said. */
export function wholeOf(view: ChangeView, paint: Terminal['paint']): string {
  const { lines } = renderChanges(view.changes, paint);
  const events = view.events.map(({ at, state, person, roles, reason }) => {
    const who = person === undefined ? 'the registry' : `${person}${roles === undefined ? '' : ` (${roles})`}`;
    return `${at} ${state} by ${who}${reason === undefined ? '' : `: ${harmless(reason)}`}`;
  });
  const items = (view.items ?? []).flatMap((one) => itemLines(one, paint));
  const leaf = view.leaf?.index === undefined ? [] : [`leaf ${view.leaf.index} of the log`];
  const body = [...lines, ...items, ...events, ...leaf].map((line) => `  ${line}\n`);
  return `${headOf(view, paint)}${body.join('')}`;
}
