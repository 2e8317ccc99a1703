import type { FoundLeaf } from '../search/found-leaf.js';

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A leaf of an export: what is said of it, and its bytes. */
export interface ExportedLeaf extends FoundLeaf {
  readonly leaf: string;
}

/** The last line of an export, so that one that was cut off on the way cannot pass for a whole one. */
export interface ExportEnd {
  readonly leaves: number;
  /** For the rest, where the export was as long as one may be. */
  readonly next?: string;
}

const COLUMNS = [
  'index',
  'type',
  'exchange',
  'at',
  'slot',
  'signer',
  'consumer',
  'provider',
  'service',
  'endpoint',
  'purpose',
  'legalBasis',
  'status',
  'reason',
  'side',
  'count',
  'ref',
  'leafHash',
  'leaf',
] as const;

export const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
};

export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? csvLine(COLUMNS) : '';
}

export function exportLine(format: ExportFormat, leaf: ExportedLeaf): string {
  if (format === 'jsonl') return `${JSON.stringify(leaf)}\n`;
  return csvLine(COLUMNS.map((name) => leaf[name] ?? ''));
}

export function exportEnd(format: ExportFormat, end: ExportEnd): string {
  if (format === 'jsonl') return `${JSON.stringify({ end })}\n`;
  return csvLine(['end', String(end.leaves), end.next ?? '']);
}

/** RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe: members choose their codes. */
function csvLine(cells: readonly (string | number)[]): string {
  const quoted = cells.map((cell) => {
    const text = typeof cell === 'string' && /^[=+\-@\t]/.test(cell) ? `'${cell}` : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\r\n`;
}
