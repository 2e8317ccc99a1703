import { parse } from 'yaml';
import { z } from 'zod';
import { ok, refuse, sha256, toHex, type Result } from '#kernel';
import { METHODS } from './answer-schemas.js';

/** What the bus has to know of a service's OpenAPI document. */
export interface OpenApiOperations {
  /** Hex SHA-256 of the text, byte for byte: by it the registry serves the document. */
  readonly digest: string;
  /** `GET /{pin}`, in the order of the document. */
  readonly endpoints: readonly string[];
  /** As it was parsed. */
  readonly document: unknown;
}

export type OpenApiReason = 'openapi-too-large' | 'openapi-unreadable' | 'openapi-version' | 'openapi-without-paths';

const MAX_CHARACTERS = 4 * 1024 * 1024;
const openApi = z.object({
  openapi: z.string(),
  paths: z.record(z.string().startsWith('/'), z.record(z.string(), z.unknown())),
});

/**
 * Digest and operations of an OpenAPI 3 document in JSON or YAML. References are not followed: operations stand in the
 * document itself, so that its digest covers them.
 */
export function openApiOperations(text: string): Result<OpenApiOperations, OpenApiReason> {
  if (text.length > MAX_CHARACTERS) return refuse('openapi-too-large');
  const document = read(text);
  const parsed = openApi.safeParse(document);
  if (!parsed.success) return refuse('openapi-unreadable');
  if (!/^3\.[01]\./.test(parsed.data.openapi)) return refuse('openapi-version');
  const endpoints = Object.entries(parsed.data.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => Object.hasOwn(item, method)).map((method) => `${method.toUpperCase()} ${path}`),
  );
  return endpoints.length === 0
    ? refuse('openapi-without-paths')
    : ok({ digest: toHex(sha256(text)), endpoints, document });
}

function read(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    // Neither JSON nor YAML: the schema refuses `undefined`.
    return undefined;
  }
}
