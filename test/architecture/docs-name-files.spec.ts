import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (path) => /^(apps|libs|test|deploy|docs|proto)\//.test(path) && !path.includes('node_modules'),
);

/** Everything in backticks that looks like a file or a folder of this repository. */
function namesIn(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map((match) => match[1] ?? '');
  return quoted.filter((name) => /[.]ts$/.test(name) || /^(apps|libs|test|deploy)\/[\w./-]+$/.test(name));
}

function exists(name: string): boolean {
  const plain = name.replace(/\/$/, '');
  return existsSync(join(root, plain)) || files.some((path) => path.endsWith(`/${plain}`));
}

describe('documents name files that are there', () => {
  it.each([
    'docs/life-of-an-exchange.md',
    'docs/architecture.md',
    'docs/glossary.md',
    'docs/threat-model.md',
    'docs/audit-events.md',
  ])('%s', (document) => {
    const names = namesIn(document);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });
});
