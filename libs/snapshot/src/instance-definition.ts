import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { ok, refuse, registerMemberId, registerServiceId, registerSubsystemId, type Result } from '#kernel';
import { code, endpointPattern, subjectRule } from './member-document.js';
import { danglingReferences } from './references.js';

const title = z
  .record(z.string().regex(/^[a-z]{2}$/, 'is a language code'), z.string().min(1).max(500))
  .refine((text) => 'en' in text, { message: 'needs a text in "en"' })
  .describe('Text by language code; "en" is required');

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is a date, YYYY-MM-DD')
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), { message: 'is no date of the calendar' });

function part(what: string, parts: number) {
  const register = parts === 2 ? registerMemberId : parts === 3 ? registerSubsystemId : registerServiceId;
  return z
    .string()
    .refine((text) => register(`X/${text}` as never).ok, {
      message: `is no ${what}: ${parts} parts joined by "/", each of A-Z a-z 0-9 ' ( ) + , - . = ?`,
    })
    .describe(`${what} without the instance's code`);
}

const memberRef = part('member (CLASS/CODE)', 2);
const subsystemRef = part('subsystem (CLASS/CODE/SUBSYSTEM)', 3);

const service = z.strictObject({
  code: code.describe('Last part of the service identifier'),
  title: title.optional(),
  openapi: z
    .string()
    .optional()
    .describe('OpenAPI 3 document, path relative to this file; its operations are the endpoints'),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("The agency's time to answer, milliseconds"),
  personalData: z.boolean().default(true).describe('Then subject, purpose and legal basis are mandatory'),
  endpoints: z
    .array(z.strictObject({ endpoint: endpointPattern, subject: subjectRule.optional() }))
    .default([])
    .describe('Endpoints with a subject rule of their own, or all of them where there is no OpenAPI document'),
  subject: subjectRule.optional().describe('Where the subject stands, for endpoints without a rule of their own'),
  disabled: z.string().max(500).optional().describe("Administrator's notice while switched off"),
});

const agreement = z.strictObject({
  consumer: subsystemRef,
  service: code,
  endpoints: z.array(endpointPattern).min(1),
  purposes: z.array(code).min(1),
  from: day.optional().describe('First day'),
  until: day.describe('Last day'),
});

const subsystem = z.strictObject({
  code,
  name: title.optional(),
  services: z.array(service).default([]),
  agreements: z.array(agreement).default([]),
});

/** `instance.yaml` (`sandbox.md` §4); `docs/instance.schema.json` is generated from it. */
export const instanceDefinition = z.strictObject({
  $schema: z.string().optional(),
  instance: z.string().regex(/^[A-Za-z0-9'()+,\-.=?]{1,255}$/, 'is no instance code'),
  purposes: z.array(z.strictObject({ code, title, legalBasis: code })).default([]),
  legalBases: z.array(z.strictObject({ code, title, reference: z.string().min(1).max(500) })).default([]),
  members: z
    .array(z.strictObject({ id: memberRef, name: title, subsystems: z.array(subsystem).default([]) }))
    .default([]),
  instances: z
    .array(
      z.strictObject({
        id: code,
        kind: z.enum(['gateway', 'connector', 'audit', 'feedback', 'registry']),
        runBy: memberRef,
        serves: z.array(subsystemRef).default([]),
      }),
    )
    .default([]),
});
export type InstanceDefinition = z.infer<typeof instanceDefinition>;

/** One thing wrong in a definition, with the place where an editor should jump to. Lines and columns count from 1. */
export interface Problem {
  readonly code: 'yaml-syntax' | 'definition-invalid' | 'definition-dangling' | 'definition-duplicate';
  readonly line: number;
  readonly column: number;
  /** `members[1].subsystems[0].code` */
  readonly path: string;
  readonly message: string;
}

export type Path = readonly (string | number)[];

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PROBLEMS = 100;

/** Parses and checks a whole definition; on refusal every problem found (≤ 100), in the order of the file. */
export function parseInstanceDefinition(text: string): Result<InstanceDefinition, readonly Problem[]> {
  if (text.length > MAX_BYTES) return refuse([problemAt('yaml-syntax', 1, 1, [], 'is larger than 4 MiB')]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 0 } as never);
  const syntax = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return problemAt('yaml-syntax', line, col, [], error.message.split('\n')[0] ?? error.code);
  });
  if (syntax.length > 0) return refuse(syntax.slice(0, MAX_PROBLEMS));
  const at = locator(document, lines);
  const parsed = instanceDefinition.safeParse(document.toJS());
  if (!parsed.success)
    return refuse(
      inOrder(parsed.error.issues.map((issue) => at('definition-invalid', issue.path as Path, issue.message))),
    );
  const dangling = danglingReferences(parsed.data);
  if (dangling.length > 0)
    return refuse(inOrder(dangling.map((finding) => at(finding.code, finding.path, finding.message))));
  return ok(parsed.data);
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
