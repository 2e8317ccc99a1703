import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Two lists are kept apart on purpose, since the verifier shares no code with who signs; here they and the page meet. */
interface Rule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}
type Catalogue = Readonly<Record<string, Rule>>;

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The rows of a table of rules, `name: { required: [...], optional: [...] }`, with the constants that they name. */
function rulesIn(path: string, table: string): Catalogue {
  const source = read(path);
  const start = source.indexOf(`const ${table}`);
  const body = source.slice(start, source.indexOf('\n};', start));
  const named = new Map(
    [...source.matchAll(/^const (\w+)(?:: \w+)? = (\{.*required.*\}|\[.*\])(?: as const)?;$/gm)].map((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ]),
  );
  const rows = body.split(/\n {2}(?=['\w])/).slice(1);
  return Object.fromEntries(
    rows.map((row) => {
      const [, name = '', rest = ''] = /^'?([\w.-]+)'?: ([\s\S]*)$/.exec(row) ?? [];
      const rule = named.get(rest.trim().replace(/,$/, '')) ?? rest;
      return [name, { required: namesIn(rule, 'required', named), optional: namesIn(rule, 'optional', named) }];
    }),
  );
}

function namesIn(rule: string, key: string, named: ReadonlyMap<string, string>): string[] {
  const [, list = ''] = new RegExp(`${key}: \\[([^\\]]*)\\]`).exec(rule) ?? [];
  const spread = list.replaceAll(/\.\.\.(\w+)/g, (_all, name: string) => named.get(name) ?? '');
  return [...spread.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '').sort();
}

/** Rows of the table under that heading, cell by cell. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = read('docs/audit-events.md').split(`\n## ${heading}\n`);
  const lines = section.split(/\n## /)[0]?.split('\n') ?? [];
  return lines
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const quoted = (cell: string | undefined) =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '').sort();

const signed = rulesIn('libs/signing/src/statement-payload.ts', 'PAYLOAD_RULES');
const types = Object.keys(signed).sort();

describe('the catalogue of leaves', () => {
  it('is read from the code as it stands there', () => {
    expect(types).toContain('refusals');
    expect(signed['exchange.failed']).toEqual({
      required: ['ep', 'from', 'prev', 'side', 'svc', 'to', 'why'],
      optional: [],
    });
    expect(signed['access.packaged']).toEqual({ required: ['doc', 'from'], optional: [] });
  });

  it('is the same for who signs and for the verifier, which shares no code with it', () => {
    expect(rulesIn('apps/cli/src/verify-log/statement.ts', 'RULES')).toEqual(signed);
  });

  it('stands in docs/audit-events.md, each type once, with its fields', () => {
    const rows = rowsUnder('Types').map(([type, , , required, optional]): [string, Rule] => [
      quoted(type)[0] ?? '',
      { required: quoted(required), optional: quoted(optional) },
    ]);
    expect(rows.map(([type]) => type).sort()).toEqual(types);
    expect(Object.fromEntries(rows)).toEqual(signed);
  });

  it('is explained there, each type once', () => {
    const explained = rowsUnder('What they mean, and who writes them').map(([type]) => quoted(type)[0] ?? '');
    expect(explained.sort()).toEqual(types);
  });

  it('uses no field that is not explained there, and explains none that is not used', () => {
    const used = Object.values(signed).flatMap(({ required, optional }) => [...required, ...optional]);
    const explained = rowsUnder('Fields').flatMap(([field]) => quoted(field));
    expect(explained.sort()).toEqual([...new Set([...used, 'v', 't', 'id', 'ts'])].sort());
  });
});
