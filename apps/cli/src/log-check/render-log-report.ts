import type { Colour } from '../terminal/terminal.js';
import { explainFinding, type LogReport } from '../verify-log/index.js';

export interface Timing {
  readonly seconds: number;
  readonly leavesPerSecond: number;
  readonly signaturesPerSecond: number;
}

/** A verification for people: what holds, what was found, what was not looked at. */
export function renderLogReport(
  report: LogReport,
  timing: Timing,
  paint: (colour: Colour, text: string) => string,
): string[] {
  const good = (line: string) => `  ${paint('green', '✓')} ${line}`;
  const note = (line: string) => `  ${paint('yellow', '?')} ${line}`;
  const lines = report.verified
    ? [`${paint('green', '✓')} ${paint('bold', 'Verified')}: log ${report.origin}, ${number(report.size)} leaves`]
    : [`${paint('red', '✗')} ${paint('bold', 'NOT VERIFIED')}: ${number(report.findingCount)} findings`];
  if (report.verified) lines.push(...checked(report).map(good));
  lines.push(...report.findings.map((finding) => `  ${paint('red', '✗')} ${explainFinding(finding)}`));
  if (report.findingCount > report.findings.length)
    lines.push(`  … and ${number(report.findingCount - report.findings.length)} more`);
  lines.push(...facts(report).map(note));
  lines.push(
    `  ${number(report.leavesRead)} leaves in ${timing.seconds} s: ${number(timing.leavesPerSecond)} leaves/s, ` +
      `${number(timing.signaturesPerSecond)} signatures/s; tables of slots and exchanges: ${number(Math.ceil(report.tableBytes / 2 ** 20))} MiB`,
  );
  return lines;
}

function checked(report: LogReport): string[] {
  const { treeOnly, resumedFrom, leavesRead, signatures, snapshots, continues: seen } = report;
  return [
    resumedFrom > 0
      ? `goes on from the checkpoint of ${number(resumedFrom)} leaves that was verified before; ${number(leavesRead)} leaves were read`
      : 'every leaf, bundle and tile, byte for byte and with no byte more, gives the root that the log signed',
    ...seen.map(({ name, size }) => `continues the tree of ${number(size)} leaves: ${name}`),
    ...(treeOnly
      ? []
      : [
          `${number(signatures)} statements: signed by a key in force at their own index, one leaf per slot and signer`,
          `${number(report.statements['registry.manifest'] ?? 0)} manifests of the trusted registry key, ${number(snapshots)} snapshots`,
        ]),
  ];
}

function facts(report: LogReport): string[] {
  const { conflicts, requestsWithoutSequel, sequelsWithoutRequest, unknownSignatureLines, filesBeyond } = report;
  const listed = (what: string, { count, first }: LogReport['conflicts']) =>
    count === 0 ? [] : [`${number(count)} ${what}: leaves ${first.slice(0, 10).join(', ')}${count > 10 ? ', …' : ''}`];
  return [
    ...(report.treeOnly && report.verified
      ? ['statements, signatures and slots were not looked at (--tree-only)']
      : []),
    ...(report.followedBy === '' ? [] : [`closed: ${report.followedBy} follows`]),
    ...(report.follows === '' ? [] : [`follows on ${report.follows}`]),
    ...listed('conflicts: a consumer told two stories', conflicts),
    ...listed('requests without a sequel', requestsWithoutSequel),
    ...listed('sequels that count for no request', sequelsWithoutRequest),
    ...(unknownSignatureLines === 0
      ? []
      : [`${unknownSignatureLines} signature lines of the checkpoint by unknown keys`]),
    ...(filesBeyond === 0 ? [] : [`${number(filesBeyond)} files beyond the checkpoint, which says nothing of them`]),
  ];
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
