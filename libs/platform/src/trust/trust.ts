import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { trustErrors } from './trust.errors.js';

const publicJwk = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  y: z.string().optional(),
  kid: z.string(),
});

const trustFile = z.strictObject({
  v: z.literal(1),
  instance: z.string().min(1),
  logs: z.array(z.string().min(1)).min(1),
  registry: z.array(publicJwk).min(1),
  witnesses: z.array(z.string()).nullable(),
  operators: z.array(publicJwk).optional(),
  /** PEM; empty in files from before there was trusted time. */
  timestampRoots: z.array(z.string().min(1)),
});

export type PublicJwk = z.infer<typeof publicJwk>;

/** What a process believes without being told by the bus: the only source of the log's and the registry's keys. */
export interface Trust {
  readonly instance: string;
  /** vkeys of the logs. */
  readonly logs: readonly string[];
  readonly registryKeys: readonly PublicJwk[];
  /** Root certificates of time-stamp authorities, PEM (`audit-log.md` §5); none: nobody's time is believed. */
  readonly timestampRoots: readonly string[];
  /** Lines of a tlog-policy beside its `log` lines (`audit-log.md` §2.8); empty: nobody witnesses. */
  readonly witnesses: readonly string[];
  /** Any two of them together may start the log while no witness answers. */
  readonly operators: readonly PublicJwk[];
}

export async function loadTrust(file: string): Promise<Trust> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw trustErrors.error('trust-file-unreadable', { cause, details: { file }, extensions: { file } });
  }
  return parseTrust(text);
}

/** Trust from the text of a `trust.json`. */
export function parseTrust(text: string): Trust {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw trustErrors.error('trust-file-invalid', { cause, extensions: { problems: ['is no JSON'] } });
  }
  const parsed = trustFile.safeParse(value);
  if (parsed.success) {
    const { instance, logs, registry, witnesses, operators, timestampRoots } = parsed.data;
    return {
      instance,
      logs,
      registryKeys: registry,
      witnesses: witnesses ?? [],
      operators: operators ?? [],
      timestampRoots,
    };
  }
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw trustErrors.error('trust-file-invalid', { extensions: { problems } });
}
