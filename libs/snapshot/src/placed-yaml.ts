import { LineCounter, parseDocument, visit, type Document } from 'yaml';
import { ok, refuse, type Result } from '#kernel';
import type { Place } from './locate-in-definition.js';
import type { Path } from './references.js';

/** What a YAML text says, and where it says it. */
export interface PlacedYaml {
  readonly value: unknown;
  /** The place of a path in the text; of a key that is missing, the nearest parent that is there. */
  placeOf(path: Path): Place;
}

export interface PlacedMessage extends Place {
  readonly message: string;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** Reads YAML that a person wrote: keys once, no anchors, at most 4 MiB; on refusal every problem of its syntax. */
export function readPlacedYaml(text: string): Result<PlacedYaml, readonly PlacedMessage[]> {
  if (text.length > MAX_BYTES) return refuse([{ line: 1, column: 1, path: '', message: 'is larger than 4 MiB' }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' });
  const syntax = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { line, column: col, path: '', message: error.message.split('\n')[0] ?? error.code };
  });
  syntax.push(...aliasesIn(document, lines));
  if (syntax.length > 0) return refuse(syntax);
  return ok({
    value: document.toJS({ mapAsMap: false }) as unknown,
    placeOf: (path) => ({ ...lineOf(document, lines, path), path: shown(path) }),
  });
}

/** Problems in the order of the file, at most `most` of them. */
export function inFileOrder<Problem extends Place>(problems: readonly Problem[], most: number): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, most);
}

/** Anchors and aliases are refused: a few lines of them unfold into gigabytes, and a reviewer reads the wrong place. */
function aliasesIn(document: Document, lines: LineCounter): PlacedMessage[] {
  const found: PlacedMessage[] = [];
  visit(document, {
    Alias: (_key, node) => {
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      found.push({
        line,
        column: col,
        path: '',
        message: `alias "*${node.source}" is not allowed; write the value out`,
      });
    },
  });
  return found;
}

function lineOf(document: Document, lines: LineCounter, path: Path): { line: number; column: number } {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const range = rangeOf(node);
    if (range === undefined) continue;
    const { line, col } = lines.linePos(range[0]);
    return { line, column: col };
  }
  return { line: 1, column: 1 };
}

function rangeOf(node: unknown): readonly [number, ...number[]] | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start] = node.range as unknown[];
  return typeof start === 'number' ? [start] : undefined;
}

/** `members[1].subsystems[0].code` */
function shown(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return text.replace(/^\./, '');
}
