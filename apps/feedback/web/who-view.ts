import type { AccessRow } from './access-row.js';
import { element } from './element.js';
import { nameOf } from './row-view.js';
import { text, type Language } from './texts.js';

/** A picture of who asked how often, over the rows that are shown. */
export function whoView(rows: readonly AccessRow[], language: Language): HTMLElement {
  const counts = new Map<string, number>();
  for (const { consumer } of rows) counts.set(nameOf(consumer), (counts.get(nameOf(consumer)) ?? 0) + 1);
  const most = Math.max(1, ...counts.values());
  const number = new Intl.NumberFormat(language);
  const bars = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) =>
      element(
        'li',
        {},
        element('span', {}, name),
        element('span', { class: 'bar', style: `--share:${(count / most).toFixed(3)}`, 'aria-hidden': 'true' }),
        element('b', {}, number.format(count)),
      ),
    );
  return element(
    'figure',
    {},
    element('figcaption', {}, text(language, 'who')),
    element('ul', { class: 'who' }, ...bars),
  );
}
