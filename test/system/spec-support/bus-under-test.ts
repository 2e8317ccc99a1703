import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, InstanceOptions } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import type { KafkaPlace } from '#bus';
import { repositoryRoot } from '#local';

/** A whole bus of built processes on free ports and data of its own (`npm run build` first). */
export interface BusUnderTest {
  readonly instance: Instance;
  /** Stops it and removes its data. */
  end(): Promise<void>;
}

export async function startBus(options: Partial<InstanceOptions> = {}): Promise<BusUnderTest> {
  const dataDir = await temporaryDirectory();
  try {
    const instance = await startInstance({ dataDir, ...options });
    const end = async () => {
      await instance.stop();
      // PostgreSQL may write its last while its folder goes.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    };
    return { instance, end };
  } catch (cause) {
    // What was wrong stands in the logs, which would go with the folder.
    process.stderr.write(`the bus under test did not start; its data are kept in ${dataDir}\n`);
    throw cause;
  }
}

/** PostgreSQL may run as another user, who has to get through. */
export async function temporaryDirectory(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kerege-system-'));
  await chmod(dataDir, 0o755);
  return dataDir;
}

/** As whom one may do everything at the broker of an instance. */
export function operatorAt({ kafkaBrokers, kafkaOperator: tls }: Instance): KafkaPlace {
  return { brokers: kafkaBrokers.split(','), ...(tls === undefined ? {} : { tls }) };
}

export const MYGOV = 'DEMO/GOV/1000/mygov';
export const BENEFITS = 'DEMO/GOV/1003/benefits';
export const CLINIC = 'DEMO/COM/2001/clinic';
export const LEGAL = 'DEMO/COM/2002/legal';
export const PERSONS = 'DEMO/GOV/1001/population/persons';
export const PROPERTIES = 'DEMO/GOV/1002/cadastre/properties';
export const ENTITLEMENTS = 'DEMO/GOV/1003/benefits/entitlements';
export const VISITS = 'DEMO/COM/2001/clinic/visits';

export interface Call {
  readonly target: string;
  readonly client?: string;
  readonly purpose?: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One call through the gateway, as a consumer's system makes it. */
export async function call(instance: Instance, options: Call): Promise<Answer> {
  const { target, client, purpose, method = 'GET', body, headers } = options;
  const answer = await fetch(`${instance.gatewayUrl}/r1/${target}`, {
    method,
    headers: {
      ...(client === undefined ? {} : { 'X-Road-Client': client }),
      ...(purpose === undefined ? {} : { 'Kerege-Purpose': purpose }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

export function exchangeIdOf(answer: Answer): string {
  return answer.headers.get('kerege-exchange-id') ?? '';
}

export async function evidenceOf(instance: Instance, id: string, client = MYGOV): Promise<Buffer | undefined> {
  const url = `${instance.gatewayUrl}/v1/exchanges/${id}/evidence`;
  const answer = await fetch(url, { headers: { 'X-Road-Client': client }, signal: AbortSignal.timeout(10_000) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return answer.status === 200 ? bytes : undefined;
}

export interface LedgerCall {
  readonly number: number;
  readonly exchangeId: string | null;
  readonly messageId: string | null;
  readonly method: string;
  readonly path: string;
}
type AgencyName = keyof Instance['agencies'];

/** What an agency itself says that it received. */
export async function ledger(instance: Instance, agency: AgencyName): Promise<LedgerCall[]> {
  const answer = await fetch(`${instance.agencies[agency]}/_sandbox/calls`);
  return ((await answer.json()) as { calls: LedgerCall[] }).calls;
}

export async function fault(instance: Instance, agency: AgencyName, settings: object): Promise<void> {
  await fetch(`${instance.agencies[agency]}/_sandbox/faults`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(settings),
  });
}

/** Signs a test identity in at the identity provider, as browser and portal do; the output is the assertion. */
export function signIn({ keysDir, issuerUrl, dataDir }: Instance, person: string, client = MYGOV, ...more: string[]) {
  const place = ['--issuer', issuerUrl, '--keys', keysDir];
  return kerege(['token', '--as', client, '--end-user', person, ...place, ...more], dataDir);
}

/** The built `kerege` command; settings of the sandbox's default place cannot help it. */
export function kerege(
  args: readonly string[],
  cwd: string,
  timeoutMs = 60_000,
): Promise<{ code: number; output: string }> {
  const main = join(repositoryRoot(), 'dist/bin/kerege.js');
  return new Promise((resolve) => {
    // Of the spec, which Jest keeps apart from the one of its own process.
    const { env } = process;
    execFile(process.execPath, [main, ...args], { cwd, env, timeout: timeoutMs }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output: `${out}${err}` });
    });
  });
}
