import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  memberDocumentsOf,
  openApiOperations,
  parseInstanceDefinition,
  placeProblems,
  signMemberEntry,
  type InstanceDefinition,
  type MemberDocument,
  type MemberEntry,
} from '#snapshot';
import type { SigningDevice } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { keysOfMember, neededKeys } from './key-file.js';
import { ensureKeys, type ApplyKeys } from './key-files.service.js';

/** The body of `POST /v1/apply`. */
export interface ApplyRequest {
  readonly definition: string;
  readonly documents: readonly { member: string; document: string; keyChain: readonly string[] }[];
  readonly openapi: readonly { path: string; digest: string; mediaType: string; text: string }[];
  readonly dryRun: boolean;
}

export interface PrepareOptions {
  readonly file: string;
  readonly keysDir: string;
  readonly dryRun: boolean;
  /** Where keys lie that are in no file. */
  readonly device?: SigningDevice | undefined;
}

interface Source {
  readonly path: string;
  readonly text: string;
}

/** Reads a definition and all that it names, and signs what the members say in it. Nothing leaves this machine here. */
export async function prepareApply(
  options: PrepareOptions,
): Promise<{ readonly request: ApplyRequest; readonly madeKeys: readonly string[] }> {
  const { file, keysDir, dryRun, device } = options;
  const { text, definition } = await readDefinition(file);
  const sources = await readOpenApi(file, definition);
  const keys = await ensureKeys(keysDir, neededKeys(definition), dryRun, device);
  const documents = documentsOf(file, text, definition, sources, keys);
  return {
    madeKeys: keys.made,
    request: {
      definition: text,
      documents: await signedNow(documents, keys),
      openapi: sources.map(sentOf),
      dryRun,
    },
  };
}

/** What one member says otherwise, signed with its own keys: nothing of the other members is needed, or sent. */
export interface MemberRequest {
  readonly patch: { readonly members: { readonly put: readonly object[] } };
  readonly documents: ApplyRequest['documents'];
  readonly openapi: ApplyRequest['openapi'];
}

/** The same for one member of a definition, `CLASS/CODE`. */
export async function prepareMember(options: PrepareOptions, member: string): Promise<MemberRequest> {
  const { file, keysDir, dryRun, device } = options;
  const { text, definition } = await readDefinition(file);
  const entry = definition.members.find(({ id }) => id === member);
  if (entry === undefined) throw invalid([`${file} holds no member ${member}`]);
  const sources = await readOpenApi(file, definition);
  const keys = await ensureKeys(keysDir, keysOfMember(definition, member), dryRun, device);
  const own = documentsOf(file, text, definition, sources, keys).filter(
    (document) => document.member === `${definition.instance}/${member}`,
  );
  const named = pathsOf([entry]);
  return {
    patch: { members: { put: [entry] } },
    documents: await signedNow(own, keys),
    openapi: sources.filter(({ path }) => named.has(path)).map(sentOf),
  };
}

/** Each by its member's newest key, dated: whoever has seen a later one takes no earlier one. */
async function signedNow(documents: readonly MemberDocument[], keys: ApplyKeys): Promise<ApplyRequest['documents']> {
  const signedAt = new Date().toISOString();
  const entries = await Promise.all(documents.map((document) => signEntry({ ...document, signedAt }, keys)));
  return entries.map(({ id, document, keyChain }) => ({ member: id, document, keyChain }));
}

async function readDefinition(file: string): Promise<{ text: string; definition: InstanceDefinition }> {
  const text = await readText(file);
  const parsed = parseInstanceDefinition(text);
  if (!parsed.ok) throw invalid(parsed.reason.map((problem) => problemLine(file, problem)));
  return { text, definition: parsed.value };
}

function sentOf(source: Source): ApplyRequest['openapi'][number] {
  const mediaType = source.path.endsWith('.json') ? 'application/json' : 'application/yaml';
  return { ...source, digest: digestOf(source), mediaType };
}

/** `file:line:column code message`, as editors and compilers write it. */
export function problemLine(
  file: string,
  problem: { line: number; column: number; code: string; path: string; message: string },
): string {
  const at = problem.path === '' ? '' : `${problem.path}: `;
  return `${file}:${problem.line}:${problem.column} ${problem.code} ${at}${problem.message}`;
}

async function readOpenApi(file: string, definition: InstanceDefinition): Promise<Source[]> {
  return Promise.all(
    [...pathsOf(definition.members)].map(async (path) => ({
      path,
      text: await readText(resolve(dirname(file), path)),
    })),
  );
}

function pathsOf(members: InstanceDefinition['members']): ReadonlySet<string> {
  const services = members.flatMap(({ subsystems }) => subsystems.flatMap(({ services: list }) => list));
  return new Set(services.flatMap(({ openapi }) => (openapi === undefined ? [] : [openapi])));
}

function documentsOf(
  file: string,
  text: string,
  definition: InstanceDefinition,
  sources: readonly Source[],
  keys: ApplyKeys,
): MemberDocument[] {
  const documents = memberDocumentsOf(definition, {
    keysOf: keys.published,
    openapi: (path) => {
      const source = sources.find((candidate) => candidate.path === path);
      const read = source === undefined ? undefined : openApiOperations(source.text);
      return read?.ok === true ? read.value : undefined;
    },
  });
  if (documents.ok) return documents.value;
  throw invalid(placeProblems(text, definition, documents.reason).map((problem) => problemLine(file, problem)));
}

async function signEntry(document: MemberDocument, keys: ApplyKeys): Promise<MemberEntry> {
  const [first, ...later] = keys.memberKeys(document.member);
  if (first === undefined) throw invalid([`${document.member} has no signing key in the keys folder`]);
  return signMemberEntry(document, first, ...later);
}

function digestOf({ text }: Source): string {
  const read = openApiOperations(text);
  return read.ok ? read.value.digest : '';
}

function invalid(problems: readonly string[]) {
  return cliErrors.error('definition-invalid', { extensions: { problems } });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw cliErrors.error('file-unreadable', { cause, extensions: { file } });
  }
}
