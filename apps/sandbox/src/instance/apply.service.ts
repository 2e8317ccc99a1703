import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '#local';
import { parseInstanceDefinition, type InstanceDefinition } from '#snapshot';
import { sandboxErrors } from '../sandbox.errors.js';
import { builtFile } from './app-process.service.js';
import { OPERATOR, REGISTRY, SECURITY_OFFICER } from './layout.js';

const APPLY_TIMEOUT_MS = 60_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/m;

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
  readonly issuerUrl: string;
}

/**
 * Whether this data directory has had this very definition applied. It is not applied again then: what an operator has
 * changed since stays, as in a real instance.
 */
export async function isApplied({ file, dataDir }: ApplyOptions): Promise<boolean> {
  const standing = await readFile(markerOf(dataDir), 'utf8').catch(() => '');
  return standing !== '' && standing === (await digestOf(file));
}

/**
 * Runs `kerege apply`, the way that every operator uses. Where the registry has officers already, two of the sandbox's
 * test identities ask and approve, as two people elsewhere do; by then the identity provider must be up.
 */
export async function applyDefinition(options: ApplyOptions): Promise<void> {
  const { file, dataDir, registryUrl, keysDir } = options;
  const token = join(dataDir, 'sandbox-officer.token');
  const apply = ['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir, '--token-file', token];
  const first = await kerege(apply);
  if (first.code !== 0 && first.output.includes('officers-registered')) await asOfficers(options, apply, token);
  else demandDone(first);
  await writeFile(markerOf(dataDir), await digestOf(file), { mode: 0o600 });
}

async function asOfficers({ issuerUrl, registryUrl }: ApplyOptions, apply: readonly string[], token: string) {
  const login = (person: string) =>
    kerege(['login', '--person', person, '--issuer', issuerUrl, '--client', REGISTRY, '--token-file', token]);
  try {
    demandDone(await login(OPERATOR));
    const asked = demandDone(await kerege([...apply, '--yes', '--reason', 'definition of the sandbox']));
    const id = UUID.exec(asked)?.[0];
    if (id === undefined) return;
    demandDone(await login(SECURITY_OFFICER));
    demandDone(await kerege(['changes', 'approve', id, '--yes', '--registry', registryUrl, '--token-file', token]));
  } finally {
    await rm(token, { force: true });
  }
}

function demandDone({ code, output }: Ended): string {
  if (code === 0) return output;
  const problems = output.trimEnd().split('\n').slice(-20);
  throw sandboxErrors.error('sandbox-apply-failed', { details: { code }, extensions: { problems } });
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

function kerege(args: readonly string[]): Promise<Ended> {
  return run([builtFile('bin/kerege.js'), ...args]);
}

function run(args: readonly string[]): Promise<Ended> {
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
