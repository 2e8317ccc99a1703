/**
 * Makes the documents that follow from the code: `docs/errors.md`, `docs/configuration.md`, `docs/metrics.md`,
 * `docs/corrections.md`, `docs/terms.md`, `deploy/.env.example`, `docs/instance.schema.json`,
 * `docs/terms-profile.schema.json`. With `--check` it writes nothing and fails when one is stale or two features share a
 * code. Runs over the build, so that it sees exactly what runs.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { outcomeReasons } from '#access';
import { describeProfile, readTermsProfiles, termsProfile } from '#corrections';
import { ErrorCatalogue, statusOf, type ErrorEntry } from '#kernel';
import { describeConfig, MetricCatalogue, type ConfigDefinition, type MetricDescription } from '#platform';
import { instanceDefinition } from '#snapshot';
import { correctionsDocument } from './corrections-document.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** Every export of every built file that matches, with its place. */
async function exportsOf(pattern: string): Promise<{ place: string; name: string; value: unknown }[]> {
  const files = globSync(pattern, { cwd: join(root, 'dist') }).sort();
  const modules = files.map(async (file) => {
    const exported = (await import(pathToFileURL(join(root, 'dist', file)).href)) as Record<string, unknown>;
    const place = relative('.', file).replace(/[.]js$/, '.ts');
    return Object.entries(exported).map(([name, value]) => ({ place, name, value }));
  });
  return (await Promise.all(modules)).flat();
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

async function errorsDocument(problems: string[]): Promise<string> {
  const seen = new Map<string, { place: string; kind: string }>();
  const sections: string[] = [];
  for (const { place, value } of await exportsOf('{apps,libs}/*/src/**/*.errors.js')) {
    if (!(value instanceof ErrorCatalogue)) continue;
    const rows = Object.entries(value.entries as Record<string, ErrorEntry>).map(([code, entry]) => {
      const before = seen.get(code);
      if (before !== undefined && !isPassedOn(before, { place, kind: entry.kind }))
        problems.push(`error code "${code}" stands in ${before.place} and in ${place}`);
      seen.set(code, { place, kind: entry.kind });
      return `| \`${code}\` | ${entry.kind} | ${statusOf(entry)} | ${cell(entry.message)} | ${cell(entry.next)} |`;
    });
    sections.push(
      `## ${value.area}\n\n\`${place}\`\n\n| code | kind | status | message | what to do |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
    );
  }
  const reasons = Object.entries(outcomeReasons).map(
    ([why, reason]) => `| \`${why}\` | ${reason.side} | ${reason.status} | \`${reason.fault}\` |`,
  );
  return `# Errors

Generated from the \`*.errors.ts\` catalogues by \`npm run docs\`. Every error that Kerege answers or logs has one of these
codes. Natively it comes as RFC 9457 problem details with the status below; on \`/r1\` it wears X-Road's fault code, whose
status is X-Road's.

## Reasons in statements

\`why\` of \`exchange.refused\` and \`exchange.failed\`, with the side at fault, the native status and the fault code on \`/r1\`
(\`libs/access/src/outcome.ts\`).

| why | side | status | fault code |
| --- | --- | --- | --- |
${reasons.join('\n')}

${sections.join('\n')}`;
}

/** An app may tell its client a library's error under the same code, if it means the same. */
function isPassedOn(a: { place: string; kind: string }, b: { place: string; kind: string }): boolean {
  return a.place.startsWith('libs/') !== b.place.startsWith('libs/') && a.kind === b.kind;
}

async function configDefinitions(): Promise<{ place: string; definition: ConfigDefinition }[]> {
  const found = await exportsOf('{apps,libs}/*/src/**/*.config.js');
  return found.flatMap(({ place, value }) =>
    typeof value === 'object' && value !== null && 'area' in value && 'fields' in value && 'load' in value
      ? [{ place, definition: value as ConfigDefinition }]
      : [],
  );
}

async function configurationDocument(): Promise<string> {
  const sections = (await configDefinitions()).map(({ place, definition }) => {
    const rows = describeConfig(definition).map(
      (row) =>
        `| \`${row.env}\` | ${row.kind}${row.unit === undefined ? '' : `, ${row.unit}`}${row.secret ? ', secret' : ''} | ${row.default === undefined ? '**required**' : row.default === '' ? '' : `\`${cell(row.default)}\``} | ${cell(row.meaning)} |`,
    );
    return `## ${definition.area}\n\n\`${place}\`\n\n| variable | form | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Configuration

Generated from the \`*.config.ts\` definitions by \`npm run docs\`. An app reads its settings once, at start, and does not
start if one is wrong: it lists all problems together.

${sections.join('\n')}`;
}

async function environmentExample(): Promise<string> {
  const sections = (await configDefinitions()).map(({ definition }) => {
    const lines = describeConfig(definition).map(
      (row) =>
        `# ${row.meaning}${row.unit === undefined ? '' : ` (${row.unit})`}\n${row.default === undefined ? '' : '# '}${row.env}=${row.default ?? ''}`,
    );
    return `### ${definition.area}\n\n${lines.join('\n')}\n`;
  });
  return `# Generated by npm run docs. Lines without "#" are required.\n\n${sections.join('\n')}`;
}

async function metricsDocument(problems: string[]): Promise<string> {
  const seen = new Map<string, string>();
  const sections: string[] = [];
  for (const { place, value } of await exportsOf('{apps,libs}/*/src/**/*metrics*.js')) {
    if (!(value instanceof MetricCatalogue)) continue;
    const rows = value.describe().map((row) => {
      const before = seen.get(row.name);
      if (before !== undefined) problems.push(`metric "${row.name}" stands in ${before} and in ${place}`);
      seen.set(row.name, place);
      return `| \`${row.name}\` | ${row.type} | ${row.unit} | ${labelsOf(row)} | ${row.buckets.join(', ')} | ${cell(row.help)} |`;
    });
    sections.push(
      `## ${value.area}\n\n\`${place}\`\n\n| name | type | unit | labels | buckets | meaning |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
    );
  }
  return `# Metrics

Generated from the declarations by \`npm run docs\`. Every app serves its metrics at \`GET /metrics\` in Prometheus' text
format, with the label \`app\` and, beside those below, the metrics of the process that \`prom-client\` calls default
(\`process_…\`, \`nodejs_…\`). Label values are closed lists; none names a person, a member or a service. Histograms
have \`_bucket\`, \`_sum\` and \`_count\`.

${sections.join('\n')}`;
}

const MANY_VALUES = 12;

function labelsOf({ labels }: MetricDescription): string {
  return Object.entries(labels)
    .map(([name, values]) => {
      const shown = values.slice(0, MANY_VALUES).map((value) => `\`${value}\``);
      const rest = values.length > MANY_VALUES ? ` and ${values.length - MANY_VALUES} more` : '';
      return `${name}: ${shown.join(', ')}${rest}`;
    })
    .join('; ');
}

async function termsDocument(): Promise<string> {
  const profiles = await readTermsProfiles(join(root, 'deploy', 'terms'));
  const sections = [...profiles.values()].map(({ profile }) => describeProfile(profile));
  return `# Terms of corrections

Generated from \`deploy/terms/*.yaml\` by \`npm run docs\`. How a term is changed and how days are counted stands in
[operations/terms.md](operations/terms.md). Confidence: *primary*, read in the law; *secondary*, read about it;
*unconfirmed*, to be checked before use; *default*, no law says it.

${sections.join('\n')}`;
}

function schemaOf(title: string, schema: z.ZodType): string {
  return JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2);
}

const problems: string[] = [];
const documents: Record<string, string> = {
  'docs/errors.md': await errorsDocument(problems),
  'docs/configuration.md': await configurationDocument(),
  'docs/metrics.md': await metricsDocument(problems),
  'deploy/.env.example': await environmentExample(),
  'docs/corrections.md': correctionsDocument(),
  'docs/terms.md': await termsDocument(),
  'docs/instance.schema.json': schemaOf('Kerege instance', instanceDefinition),
  'docs/terms-profile.schema.json': schemaOf('Kerege terms', termsProfile),
};
const check = process.argv.includes('--check');
for (const [name, text] of Object.entries(documents)) {
  const path = join(root, name);
  const wanted = name.startsWith('docs/')
    ? await format(text, { ...(await resolveConfig(path)), filepath: path })
    : text;
  if (!check) writeFileSync(path, wanted);
  else if (read(path) !== wanted) problems.push(`${name} is stale: run "npm run docs" and commit the result`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A document that is not there is stale.
    return undefined;
  }
}
