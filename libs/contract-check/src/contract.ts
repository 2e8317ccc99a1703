import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import canonicalize from 'canonicalize';
import { RE2JS } from 're2js';
import { parse } from 'yaml';
import { hasDuplicateKey, isJsonType } from '#access';
import { ok, refuse, type Result } from '#kernel';
import { problemsOf, type ContractProblem } from './problems.js';
import { asJsonSchema } from './schema-30.js';

export type ContractReason = 'contract-unusable' | readonly ContractProblem[];

/** What is checked of a call; header values as text. */
export interface RequestParts {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Uint8Array;
}

type Node = Readonly<Record<string, unknown>>;

/** Larger documents are not compiled: compiling blocks the process. */
const MAX_CHARACTERS = 512 * 1024;
const MAX_NODES = 20_000;
const MAX_HOPS = 16;

/** Patterns run in time linear in the text (RE2): a document cannot hang whoever checks by it. */
const regExp = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: (text: string) => compiled.matcher(text).find() };
  },
  { code: 'linearRegExp' },
);

/**
 * Bodies of calls and answers as one OpenAPI document wants them. References lead nowhere but into the document; each
 * schema is compiled once, when it is first needed. A document that cannot be used says so and never passes anything.
 */
export class Contract {
  /** By place of the schema; as many as the document has media types, written by `compiled`. */
  private readonly validators = new Map<string, ValidateFunction | undefined>();

  private constructor(
    private readonly document: Node,
    private readonly names: ReadonlySet<string>,
  ) {}

  static read(text: string): Result<Contract, 'contract-unusable'> {
    if (text.length > MAX_CHARACTERS) return refuse('contract-unusable');
    try {
      const read: unknown = parse(text, { maxAliasCount: 0 });
      const version = own(read, 'openapi');
      const seen = survey(read);
      if (typeof version !== 'string' || !/^3\.[01]\./.test(version) || seen === undefined)
        return refuse('contract-unusable');
      const document = version.startsWith('3.0.') ? asJsonSchema(read) : read;
      return ok(new Contract(document as Node, seen));
    } catch {
      // Neither JSON nor YAML.
      return refuse('contract-unusable');
    }
  }

  /** The body of a call; `endpoint` as registered, `POST /claims`. */
  checkRequest(endpoint: string, parts: RequestParts): Result<undefined, ContractReason> {
    const operation = this.operation(endpoint);
    if (operation === undefined) return refuse('contract-unusable');
    const body = own(operation, 'requestBody');
    if (body === undefined) return ok(undefined);
    const declared = this.resolved(body);
    if (declared === undefined) return refuse('contract-unusable');
    if (parts.body.length === 0)
      return own(declared, 'required') === true
        ? refuse([{ pointer: '/body', message: 'is required' }])
        : ok(undefined);
    return this.checkBody(`${endpoint} request`, own(declared, 'content'), parts);
  }

  /** The body of an agency's answer; a status that the document does not name is a problem, too. */
  checkAnswer(
    endpoint: string,
    { status, ...parts }: RequestParts & { readonly status: number },
  ): Result<undefined, ContractReason> {
    const operation = this.operation(endpoint);
    if (operation === undefined) return refuse('contract-unusable');
    const responses = own(operation, 'responses');
    const key = [String(status), `${String(status).slice(0, 1)}XX`, 'default'].find(
      (name) => own(responses, name) !== undefined,
    );
    if (key === undefined) return refuse([{ pointer: '/status', message: 'is not declared' }]);
    const response = this.resolved(own(responses, key));
    if (response === undefined) return refuse('contract-unusable');
    const content = own(response, 'content');
    if (content === undefined || endpoint.startsWith('HEAD ') || status === 204 || status === 304) return ok(undefined);
    return this.checkBody(`${endpoint} ${key}`, content, parts);
  }

  /** Whether every answer that the document declares for the endpoint can be checked; asked before anything is called. */
  canCheckAnswers(endpoint: string): boolean {
    const responses = own(this.operation(endpoint), 'responses');
    if (typeof responses !== 'object' || responses === null) return false;
    return Object.entries(responses).every(([key, response]) => {
      const resolved = this.resolved(response);
      const content = own(resolved, 'content') ?? {};
      return resolved !== undefined && this.areCompilable(`${endpoint} ${key}`, content);
    });
  }

  private areCompilable(place: string, content: object): boolean {
    return Object.entries(content).every(([type, entry]) => {
      const schema = own(entry, 'schema');
      return schema === undefined || this.compiled(`${place} ${type}`, schema) !== undefined;
    });
  }

  private checkBody(
    place: string,
    content: unknown,
    { headers, body }: RequestParts,
  ): Result<undefined, ContractReason> {
    const type = mediaTypeOf(headers);
    const range = `${type.split('/')[0] ?? ''}/*`;
    const declared = typeof content === 'object' && content !== null ? Object.keys(content) : [];
    const key = [type, range, '*/*']
      .map((name) => declared.find((other) => withoutParameters(other) === name))
      .find((name) => name !== undefined);
    if (key === undefined) return refuse([{ pointer: '/header/content-type', message: 'is no declared media type' }]);
    const schema = own(own(content, key), 'schema');
    if (schema === undefined || !isJsonType(type)) return ok(undefined);
    const validator = this.compiled(`${place} ${key}`, schema);
    if (validator === undefined) return refuse('contract-unusable');
    const value = readJson(body);
    if (!value.ok) return refuse([{ pointer: '/body', message: value.reason }]);
    try {
      return validator(value.value) ? ok(undefined) : refuse(problemsOf(validator.errors ?? [], '/body', this.names));
    } catch {
      // Deeper than the stack: whatever it is, it was not found to be good.
      return refuse([{ pointer: '/body', message: 'is nested too deeply' }]);
    }
  }

  private compiled(place: string, schema: unknown): ValidateFunction | undefined {
    if (!this.validators.has(place)) this.validators.set(place, this.compile(schema));
    return this.validators.get(place);
  }

  /** The schema with the document around it, so that `#/components/…` leads to where it says. */
  private compile(schema: unknown): ValidateFunction | undefined {
    const ajv = new Ajv2020({
      strict: false,
      logger: false,
      allErrors: false,
      validateSchema: false,
      // Else a schema is pasted in wherever it is named, and a small document makes a program of millions of lines.
      inlineRefs: false,
      code: { regExp },
    });
    formats.default(ajv);
    // Ajv compares each item with each other one: a body of a megabyte would hold the process up for minutes.
    ajv.removeKeyword('uniqueItems');
    ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: areUnique });
    const { components, paths } = this.document;
    try {
      return ajv.compile({ allOf: [schema], components, paths });
    } catch {
      // A reference that leads nowhere or out, a pattern that RE2 does not have, a keyword with a wrong value.
      return undefined;
    }
  }

  private operation(endpoint: string): unknown {
    const [method = '', path = ''] = endpoint.split(' ');
    return own(own(this.document['paths'], path), method.toLowerCase());
  }

  private resolved(node: unknown): unknown {
    let at = node;
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      const reference = own(at, '$ref');
      if (typeof reference !== 'string') return at;
      const tokens = reference.startsWith('#/') ? reference.slice(2).split('/') : ['\0'];
      at = tokens.reduce<unknown>(
        (inner, token) => own(inner, percentDecoded(token).replaceAll('~1', '/').replaceAll('~0', '~')),
        this.document,
      );
    }
    return undefined;
  }
}

/** By their canonical text (RFC 8785): in time that grows with the items, not with their square. */
function areUnique(isAsked: boolean, items: readonly unknown[]): boolean {
  return !isAsked || new Set(items.map((item) => canonicalize(item))).size === items.length;
}

/** Names in the document; undefined if it is too large, names something outside of it, or an identity of its own. */
function survey(document: unknown): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const open: unknown[] = [document];
  for (let count = 0; open.length > 0; count += 1) {
    if (count > MAX_NODES) return undefined;
    const node = open.pop();
    if (typeof node !== 'object' || node === null) continue;
    const isList = Array.isArray(node);
    for (const [key, inner] of Object.entries(node)) {
      if (leadsOutside(key, inner)) return undefined;
      if (!isList) names.add(key);
      open.push(inner);
    }
  }
  return names;
}

function leadsOutside(key: string, inner: unknown): boolean {
  if (key === '$ref' || key === '$dynamicRef') return typeof inner === 'string' && !inner.startsWith('#');
  return (key === '$id' || key === '$async') && typeof inner !== 'object';
}

/** Without parameters; empty where there is none, or more than one. */
function mediaTypeOf(headers: RequestParts['headers']): string {
  const [only, ...others] = headers.filter(({ name }) => name.toLowerCase() === 'content-type');
  return others.length > 0 ? '' : withoutParameters(only?.value ?? '');
}

function withoutParameters(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

/** As it stands where it is no percent-encoding: then nothing has that name. */
function percentDecoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function own(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, key) ? Reflect.get(node, key) : undefined;
}

function readJson(body: Uint8Array): Result<unknown, 'is no JSON' | 'names a key twice'> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const value = JSON.parse(text) as unknown;
    // Who reads the first of the two gets what was not checked.
    return hasDuplicateKey(text) ? refuse('names a key twice') : ok(value);
  } catch {
    // Not UTF-8 or no JSON: that is the answer to the question asked.
    return refuse('is no JSON');
  }
}
