import { LineCounter, parseDocument, visit, type Document } from 'yaml';
import { ok, refuse, type Result } from '#kernel';
import { instanceDefinition, type InstanceDefinition } from './definition-schema.js';
import { danglingReferences, type Path } from './references.js';

/** One thing wrong in a definition, with the place where an editor should jump to. Lines and columns count from 1. */
export interface Problem {
  readonly code: 'yaml-syntax' | 'definition-invalid' | 'definition-dangling' | 'definition-duplicate';
  readonly line: number;
  readonly column: number;
  /** `members[1].subsystems[0].code` */
  readonly path: string;
  readonly message: string;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PROBLEMS = 100;

/** Parses and checks a whole definition; on refusal every problem found (≤ 100), in the order of the file. */
export function parseInstanceDefinition(text: string): Result<InstanceDefinition, readonly Problem[]> {
  if (text.length > MAX_BYTES) return refuse([problemAt('yaml-syntax', 1, 1, [], 'is larger than 4 MiB')]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' });
  const syntax = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return problemAt('yaml-syntax', line, col, [], error.message.split('\n')[0] ?? error.code);
  });
  syntax.push(...aliasesIn(document, lines));
  if (syntax.length > 0) return refuse(syntax.slice(0, MAX_PROBLEMS));
  const at = locator(document, lines);
  const parsed = instanceDefinition.safeParse(document.toJS({ mapAsMap: false }) as unknown);
  if (!parsed.success)
    return refuse(
      inOrder(parsed.error.issues.map((issue) => at('definition-invalid', issue.path as Path, issue.message))),
    );
  const dangling = danglingReferences(parsed.data);
  if (dangling.length > 0)
    return refuse(inOrder(dangling.map((finding) => at(finding.code, finding.path, finding.message))));
  return ok(parsed.data);
}

/** Anchors and aliases are refused: a few lines of them unfold into gigabytes, and a reviewer reads the wrong place. */
function aliasesIn(document: Document, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Alias: (_key, node) => {
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      found.push(
        problemAt('yaml-syntax', line, col, [], `alias "*${node.source}" is not allowed; write the value out`),
      );
    },
  });
  return found;
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS);
}

/** Finds the place of a path in the file; a missing key is reported at the nearest parent that is there. */
function locator(document: Document, lines: LineCounter) {
  return (problem: Problem['code'], path: Path, message: string): Problem => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      const range = rangeOf(node);
      if (range === undefined) continue;
      const { line, col } = lines.linePos(range[0]);
      return problemAt(problem, line, col, path, message);
    }
    return problemAt(problem, 1, 1, path, message);
  };
}

function rangeOf(node: unknown): readonly [number, ...number[]] | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start] = node.range as unknown[];
  return typeof start === 'number' ? [start] : undefined;
}

function problemAt(problem: Problem['code'], line: number, column: number, path: Path, message: string): Problem {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return { code: problem, line, column, path: text.replace(/^\./, ''), message };
}
