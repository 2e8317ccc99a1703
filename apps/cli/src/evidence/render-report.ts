import type { VerificationReport } from '../verify/index.js';
import type { Colour } from '../terminal/terminal.js';

/** A verified exchange for people: what was done, what was checked, what could not be. */
export function renderReport(report: VerificationReport, paint: (colour: Colour, text: string) => string): string[] {
  const { exchangeId, consumer, service, endpoint, purpose, legalBasis, log } = report;
  const status = report.status === undefined ? '' : ` (${report.status})`;
  const reason = report.reason === undefined ? '' : `, ${report.reason}`;
  return [
    `${paint('green', '✓')} ${paint('bold', 'Verified')}: exchange ${exchangeId}`,
    `  ${consumer} asked ${service}, ${endpoint}`,
    `  for ${purpose}, on the ground of ${legalBasis}`,
    `  outcome: ${report.outcome}${status}${reason}${report.disclosed ? '; data were disclosed' : ''}`,
    ...report.persons.map(({ kind, country, type, code }) => `  ${kind}: ${country}/${type}/${code}`),
    `  log ${log}:`,
    ...report.leaves.map(
      ({ index, type, signer, claimedAtMs, log: origin }) =>
        `    leaf ${index}${origin === log ? '' : ` of ${origin}`}  ${type}  signed by ${signer}, ${new Date(claimedAtMs).toISOString()}`,
    ),
    ...report.checked.map((line) => `  ${paint('green', '✓')} ${line}`),
    ...report.unchecked.map((line) => `  ${paint('yellow', '?')} not checked: ${line}`),
  ];
}
