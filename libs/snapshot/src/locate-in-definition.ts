import { LineCounter, parseDocument } from 'yaml';
import type { InstanceDefinition } from './definition-schema.js';
import type { Path } from './references.js';

/** Where in a definition's text something stands; counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/**
 * The place of a member, subsystem, service or instance in the text that `definition` was parsed from, by its full
 * identifier, or of whatever a path leads to. What is not in it is placed at the beginning.
 */
export function locateInDefinition(text: string, definition: InstanceDefinition, what: string | Path): Place {
  const path = typeof what === 'string' ? pathOf(definition, what) : what;
  const lines = new LineCounter();
  const node: unknown = parseDocument(text, { lineCounter: lines }).getIn(path, true);
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
