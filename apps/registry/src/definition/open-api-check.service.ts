import SwaggerParser from '@apidevtools/swagger-parser';
import { parse } from 'yaml';
import { openApiOperations } from '#snapshot';
import type { ApplyProblem } from './apply-problem.js';

const REASONS = {
  'openapi-too-large': 'is larger than 4 MiB',
  'openapi-unreadable': 'is no OpenAPI document in JSON or YAML',
  'openapi-version': 'is no OpenAPI 3.0 or 3.1',
  'openapi-without-paths': 'describes no operation',
} as const;

/**
 * Whether a service's OpenAPI document is one. References to other files or hosts are refused, not followed: what was
 * fetched could be another text tomorrow, and the registry would be everybody's way into its network.
 */
export async function checkOpenApi(path: string, text: string): Promise<ApplyProblem | undefined> {
  const problem = (message: string) => ({ code: 'openapi-invalid', line: 1, column: 1, path, message });
  const read = openApiOperations(text);
  if (!read.ok) return problem(REASONS[read.reason]);
  const document: unknown = parse(text, { maxAliasCount: 0 });
  if (hasOuterReference(document)) return problem('refers to another document');
  try {
    if (!isDocument(document)) return problem(REASONS['openapi-unreadable']);
    await SwaggerParser.validate(document, {
      resolve: { external: false, file: false, http: false },
      dereference: { circular: 'ignore' },
    });
    return undefined;
  } catch (cause) {
    const message = cause instanceof Object && 'message' in cause ? String(cause.message) : '';
    return problem(`is not valid: ${message.split('\n')[0]?.slice(0, 300) ?? ''}`);
  }
}

/** swagger-parser takes an object for a document, and says itself what is wrong with it. */
function isDocument(value: unknown): value is Exclude<Parameters<typeof SwaggerParser.validate>[0], string> {
  return typeof value === 'object' && value !== null;
}

/** The document is public and was written by its owner; only `$ref`s to its own inside are left by a bundler. */
function hasOuterReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOuterReference);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]: [string, unknown]) =>
    name === '$ref' && typeof inner === 'string' ? !inner.startsWith('#') : hasOuterReference(inner),
  );
}
