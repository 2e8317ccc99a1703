import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refuse, type Result } from '#kernel';
import { cacheDirectory, repositoryRoot } from './repository.js';
import { runCommand } from './run-command.js';

/** Everything that a broker needs on this machine. */
export interface KafkaHome {
  readonly java: string;
  /** Directory with the broker's jars. */
  readonly libs: string;
}

/** Why a broker cannot be run here; the sandbox makes its banner of it. */
export interface KafkaAbsence {
  readonly code: 'java-missing' | 'java-too-old' | 'maven-missing' | 'jars-not-resolved';
  /** One sentence for a person. */
  readonly message: string;
  /** For the operator's eyes: what the program said. */
  readonly output: string;
}

/** The version in `deploy/kafka/pom.xml`; a spec compares the two. */
export const KAFKA_VERSION = '4.3.1';
const MINIMUM_JAVA = 17;

/**
 * Looks for Java, and for the jars in the cache; fetches them through Maven if they are not there. The directory is
 * filled beside its place and renamed, so it is whole or absent, whoever is killed and however many start at once.
 */
export async function findKafka(
  options: { readonly onDownload?: () => void } = {},
): Promise<Result<KafkaHome, KafkaAbsence>> {
  const version = await runCommand('java', ['-version'], { timeoutMs: 20_000 });
  const major = Number(/version "(\d+)/.exec(version.output)?.[1]);
  if (version.code !== 0 || !Number.isInteger(major))
    return absent('java-missing', `Java ${MINIMUM_JAVA} or newer is not installed`, version.output);
  if (major < MINIMUM_JAVA)
    return absent('java-too-old', `Java ${major} is too old, ${MINIMUM_JAVA} or newer is needed`, version.output);
  const libs = join(cacheDirectory(), `kafka-${KAFKA_VERSION}`);
  if (!existsSync(libs)) {
    options.onDownload?.();
    const failed = await resolveJars(libs);
    if (failed !== undefined) return failed;
  }
  return ok({ java: 'java', libs });
}

async function resolveJars(libs: string) {
  const maven = await runCommand('mvn', ['-v'], { timeoutMs: 20_000 });
  if (maven.code !== 0) return absent('maven-missing', 'Maven, which fetches the broker once, is not installed', '');
  const fresh = `${libs}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${fresh}`, '-DincludeScope=runtime'];
  const { code, output } = await runCommand('mvn', ['-q', '-B', '-f', pomFile(), ...goal], { timeoutMs: 600_000 });
  if (code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    return absent('jars-not-resolved', 'Maven could not fetch the jars of Apache Kafka', output.slice(-2000));
  }
  // Somebody else may have been first: then theirs stays.
  await rename(fresh, libs).catch(() => rm(fresh, { recursive: true, force: true }));
  return undefined;
}

function pomFile(): string {
  return join(repositoryRoot(), 'deploy/kafka/pom.xml');
}

function absent(code: KafkaAbsence['code'], message: string, output: string): Result<never, KafkaAbsence> {
  return refuse({ code, message, output });
}
