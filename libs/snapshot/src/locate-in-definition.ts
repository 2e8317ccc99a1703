import { LineCounter, parseDocument, type Document } from 'yaml';
import type { InstanceDefinition } from './definition-schema.js';
import type { Path } from './references.js';

/** Where in a definition's text something stands; counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/** What is wrong with a member, subsystem, service or instance, or with what a path leads to. */
export interface UnplacedProblem {
  readonly code: string;
  /** Full identifier. */
  readonly at: string;
  /** Where there is one, it leads closer to what is wrong. */
  readonly path?: Path;
  readonly message: string;
}

export interface PlacedProblem extends Place {
  readonly code: string;
  readonly at: string;
  readonly message: string;
}

/** Nobody reads more, and each has to be looked up. */
const MAX_PROBLEMS = 100;

/**
 * The first 100 problems, each with its place in the text that `definition` was parsed from. What is not in it is placed
 * at the beginning.
 */
export function placeProblems(
  text: string,
  definition: InstanceDefinition,
  problems: readonly UnplacedProblem[],
): PlacedProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return problems.slice(0, MAX_PROBLEMS).map(({ code, at, path, message }) => {
    const place = placeOf(document, lines, path ?? pathOf(definition, at));
    return { code, at, message, ...place };
  });
}

function placeOf(document: Document, lines: LineCounter, path: Path): Place {
  const node: unknown = document.getIn(path, true);
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  const { line, col } = lines.linePos(typeof start === 'number' ? start : 0);
  const shown = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return { line: Math.max(1, line), column: Math.max(1, col), path: shown.replace(/^\./, '') };
}

function pathOf(definition: InstanceDefinition, identifier: string): (string | number)[] {
  const [, memberClass = '', memberCode = '', subsystemCode, serviceCode] = identifier.split('/');
  const m = definition.members.findIndex((member) => member.id === `${memberClass}/${memberCode}`);
  const subsystems = definition.members[m]?.subsystems ?? [];
  const s = subsystems.findIndex((subsystem) => subsystem.code === subsystemCode);
  const v = (subsystems[s]?.services ?? []).findIndex((service) => service.code === serviceCode);
  const i = definition.instances.findIndex((instance) => instance.id === memberClass);
  if (memberCode === '' && i >= 0) return ['instances', i, 'id'];
  if (m < 0) return [];
  if (s < 0) return ['members', m, 'id'];
  if (v < 0) return ['members', m, 'subsystems', s, 'code'];
  return ['members', m, 'subsystems', s, 'services', v, 'code'];
}
