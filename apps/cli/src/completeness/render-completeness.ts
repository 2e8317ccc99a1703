import type { Terminal } from '../terminal/terminal.js';
import { findingTexts } from './compare.js';
import type { CompletenessReport } from './completeness.js';

/** The report for people, one line for each log and each finding. */
export function renderCompleteness(
  { logs, sampled, findings }: CompletenessReport,
  paint: Terminal['paint'],
): string[] {
  const lines = logs.map(({ origin, commitments, said }) => {
    const { rows = 0, concealed = 0, pending = 0, erased = 0, repeated = 0 } = said ?? {};
    const elsewhere = repeated === 0 ? '' : ` + ${repeated} counted in another log`;
    return `${origin}: ${commitments} commitments = ${rows} shown + ${concealed} concealed + ${pending} pending + ${erased} erased${elsewhere}`;
  });
  const { leaves, commitments, opened, pending, erased } = sampled;
  lines.push(
    `Sample: ${leaves} leaves with ${commitments} commitments: ${opened} opened, ${pending} pending, ${erased} erased`,
  );
  if (findings.length === 0)
    return [...lines, `${paint('green', '✓')} Nothing is hidden that the sample or the counts can show.`];
  return [
    ...lines,
    ...findings.map(({ finding, log, details }) => {
      const said = Object.entries(details).map(([name, value]) => `${name} ${value}`);
      return `${paint('red', '✗')} ${finding} in ${log}: ${findingTexts[finding]}${said.length === 0 ? '' : ` (${said.join(', ')})`}`;
    }),
  ];
}
