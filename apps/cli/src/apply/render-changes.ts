import type { Colour } from '../terminal/terminal.js';

export interface ShownChange {
  readonly op: 'add' | 'change' | 'remove';
  readonly kind: string;
  readonly id: string;
  readonly detail?: string | undefined;
}

const SIGNS = { add: '+', change: '~', remove: '-' } as const;
const COLOURS = { add: 'green', change: 'yellow', remove: 'red' } as const;

/** One line per change, then the counts. */
export function renderChanges(
  changes: readonly ShownChange[],
  paint: (colour: Colour, text: string) => string,
): { lines: string[]; counts: string } {
  const lines = changes.map(({ op, kind, id, detail }) => {
    const more = detail === undefined ? '' : ` (${detail})`;
    return paint(COLOURS[op], `${SIGNS[op]} ${kind.padEnd(10)} ${id}${more}`);
  });
  const count = (op: ShownChange['op']) => changes.filter((change) => change.op === op).length;
  return { lines, counts: `${count('add')} added, ${count('change')} changed, ${count('remove')} removed` };
}
