import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findKafka, type KafkaHome } from './kafka-jars.js';
import { localErrors } from './local.errors.js';
import { spawnProcess, type ManagedProcess } from './process.js';
import { repositoryRoot } from './repository.js';
import { runCommand } from './run-command.js';

/** A second way in, advertised at another port: there a proxy stands that swallows, delays or cuts answers in tests. */
export interface ExtraListener {
  /** Upper-case letters. */
  readonly name: string;
  readonly port: number;
  readonly advertisedPort: number;
}

/** Files are PEM, and named by absolute paths. */
export interface KafkaSecurity {
  /** The broker's own private key (PKCS#8) and certificate, in one file. */
  readonly keystoreFile: string;
  /** The authority whose certificates are believed. */
  readonly caFile: string;
  /** Common names of those who may do everything; the broker itself is one of them. */
  readonly superUsers: readonly string[];
}

export interface LocalKafkaOptions {
  /** Made and formatted if it is not there; survives restarts. */
  readonly dataDir: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly logFile: string;
  /** From `findKafka`; looked for if absent. */
  readonly home?: KafkaHome;
  readonly extraListeners?: readonly ExtraListener[];
  /** Mutual TLS and access lists; absent: plain connections of this machine, and everybody may do everything. */
  readonly security?: KafkaSecurity;
  readonly heapMb?: number;
  /**
   * For benchmarks: compiled as well as the machine can, which pays after minutes. Without it a start takes half the
   * processor time (4.8 s instead of 8.7 s), and that is most of what a sandbox's or a test's broker ever does.
   */
  readonly isForLong?: boolean;
}

export interface LocalKafka {
  /** `host:port` of its first listener: plain, or with TLS as `security` says. */
  readonly brokers: string;
  readonly process: ManagedProcess;
  /** Clean shutdown: the next start has nothing to recover. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** Starts one Apache Kafka broker on 127.0.0.1, its own controller, and resolves when it takes connections. */
export async function startKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const home = options.home ?? (await requireKafka());
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const config = join(dataDir, 'server.properties');
  await writeFile(config, await serverProperties(options, join(dataDir, 'log')));
  // The controller's voters are in the settings, so a directory may be moved to other ports.
  if (!existsSync(join(dataDir, 'log', 'meta.properties'))) await format(home, config);
  const heap = options.heapMb ?? 512;
  const server = await spawnProcess({
    command: home.java,
    args: [
      `-Xms${Math.min(256, heap)}m`,
      `-Xmx${heap}m`,
      '-XX:+UseSerialGC',
      ...(options.isForLong === true ? [] : ['-XX:TieredStopAtLevel=1']),
      ...classPath(home),
      'kafka.Kafka',
      config,
    ],
    cwd: dataDir,
    logFile: options.logFile,
  });
  try {
    await server.waitForOutput('Kafka Server started', START_TIMEOUT_MS);
  } catch (cause) {
    await server.stop();
    throw cause;
  }
  return { brokers: `127.0.0.1:${options.port}`, process: server, stop: () => stopProcess(server) };
}

async function requireKafka(): Promise<KafkaHome> {
  const found = await findKafka();
  if (found.ok) return found.value;
  throw localErrors.error('kafka-not-available', { details: { ...found.reason } });
}

async function format(home: KafkaHome, config: string): Promise<void> {
  const id = randomBytes(16);
  // Begun with a dash, as one in 64 would be, the tool takes it for an option.
  id[0] = (id[0] ?? 0) & 0x7f;
  const cluster = id.toString('base64url');
  const { code, output } = await runCommand(
    home.java,
    ['-XX:TieredStopAtLevel=1', ...classPath(home), 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', config],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw localErrors.error('kafka-format-failed', { details: { output: output.slice(-2000) } });
}

function classPath({ libs }: KafkaHome): string[] {
  return ['-cp', join(libs, '*')];
}

async function serverProperties(options: LocalKafkaOptions, logDir: string): Promise<string> {
  const { security, extraListeners: extra = [] } = options;
  const values: Record<string, string> = {
    listener: security === undefined ? 'PLAINTEXT' : 'SSL',
    port: String(options.port),
    controllerPort: String(options.controllerPort),
    logDir,
    extraListeners: extra.map(({ name, port }) => `,${name}://127.0.0.1:${port}`).join(''),
    extraAdvertised: extra.map(({ name, advertisedPort }) => `,${name}://127.0.0.1:${advertisedPort}`).join(''),
    extraProtocols: extra.map(({ name }) => `,${name}:PLAINTEXT`).join(''),
    security: security === undefined ? '' : await securityProperties(security),
  };
  return filled(await propertiesOf('server'), values);
}

async function securityProperties({ keystoreFile, caFile, superUsers }: KafkaSecurity): Promise<string> {
  return filled(await propertiesOf('security'), {
    keystore: keystoreFile,
    truststore: caFile,
    superUsers: superUsers.map((name) => `User:${name}`).join(';'),
  });
}

function propertiesOf(name: 'server' | 'security'): Promise<string> {
  return readFile(join(repositoryRoot(), `deploy/kafka/${name}.properties`), 'utf8');
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A clean shutdown writes out what is in memory, which may take a while. */
async function stopProcess(server: ManagedProcess): Promise<void> {
  await server.stop(20_000);
}
