import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '#local';
import { parseInstanceDefinition, type InstanceDefinition } from '#snapshot';
import { sandboxErrors } from '../sandbox.errors.js';
import { builtFile } from './app-process.service.js';

const APPLY_TIMEOUT_MS = 60_000;

export function definitionFile(): string {
  return join(repositoryRoot(), 'apps/sandbox/instance.yaml');
}

export async function readDefinition(file: string): Promise<InstanceDefinition> {
  const parsed = parseInstanceDefinition(await readFile(file, 'utf8'));
  if (parsed.ok) return parsed.value;
  const problems = parsed.reason.map(
    ({ line, column, path, message }) => `${file}:${line}:${column} ${path} ${message}`,
  );
  throw sandboxErrors.error('sandbox-apply-failed', { extensions: { problems } });
}

export interface ApplyOptions {
  readonly file: string;
  readonly dataDir: string;
  readonly registryUrl: string;
  readonly keysDir: string;
}

/**
 * Whether this data directory has had this very definition applied. It is not applied again then: what an operator has
 * changed since stays, as in a real instance.
 */
export async function isApplied({ file, dataDir }: ApplyOptions): Promise<boolean> {
  const standing = await readFile(markerOf(dataDir), 'utf8').catch(() => '');
  return standing !== '' && standing === (await digestOf(file));
}

/** Runs `kerege apply`, the way that every operator uses. */
export async function applyDefinition(options: ApplyOptions): Promise<void> {
  const { file, dataDir, registryUrl, keysDir } = options;
  const args = [builtFile('bin/kerege.js'), 'apply', '-f', file, '--registry', registryUrl, '--keys', keysDir];
  const { code, output } = await run(args);
  if (code !== 0)
    throw sandboxErrors.error('sandbox-apply-failed', {
      details: { code },
      extensions: { problems: output.trimEnd().split('\n').slice(-20) },
    });
  await writeFile(markerOf(dataDir), await digestOf(file), { mode: 0o600 });
}

function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: APPLY_TIMEOUT_MS, maxBuffer: 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : 1, output: `${out}${err}` });
    });
  });
}

function markerOf(dataDir: string): string {
  return join(dataDir, 'applied.sha256');
}

/** Over the definition and the documents that it names. */
async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256').update(await readFile(file));
  const definition = await readDefinition(file);
  const documents = definition.members.flatMap((member) =>
    member.subsystems.flatMap((subsystem) => subsystem.services.map((service) => service.openapi)),
  );
  for (const path of documents)
    if (path !== undefined) digest.update(await readFile(join(dirname(file), path)).catch(() => ''));
  return digest.digest('hex');
}
