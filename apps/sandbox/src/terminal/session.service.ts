import { relative } from 'node:path';
import { loadTrust, startFailure } from '#platform';
import type { Instance } from '../instance/instance.js';
import { startInstance } from '../instance/instance.module.js';
import type { SandboxConfig } from '../sandbox.config.js';
import { closingBlock } from './closing-block.js';
import { fingerprints } from './fingerprint.js';
import { Progress } from './progress.service.js';

export interface SessionOptions {
  /** Only errors and the line `Kerege is ready`. */
  readonly isQuiet: boolean;
}

/**
 * `npm start` from its first line to its last. The terminal's Ctrl-C reaches this process alone of the instance: the
 * others are in groups of their own, so they end in our order. A second Ctrl-C ends everything at once.
 */
export async function runSession(config: SandboxConfig, { isQuiet }: SessionOptions): Promise<number> {
  const interruption = listenForSignals();
  const progress = isQuiet ? undefined : new Progress();
  let instance: Instance;
  try {
    instance = await startInstance({
      dataDir: config.dataDir,
      portBase: config.portBase,
      kafkaBrokers: config.kafkaBrokers,
      hasOfficers: true,
      ...(config.databaseUrl === '' ? {} : { databaseUrl: config.databaseUrl }),
      ...(progress === undefined ? {} : { onStep: progress.listener }),
      tell: (line) => process.stderr.write(`${line}\n`),
      signal: interruption.signal,
    });
  } catch (cause) {
    await progress?.end();
    if (interruption.signal.aborted) return 130;
    process.stderr.write(`${startFailure('The sandbox', cause)}\n`);
    return 1;
  }
  await progress?.end();
  process.stdout.write(isQuiet ? 'Kerege is ready\n' : `${await closing(instance)}\n`);
  await interruption.first;
  if (!isQuiet) process.stdout.write('\nStopping …\n');
  const forced = interruption.second.then(() => instance.force());
  await Promise.race([instance.stop(), forced]);
  return 0;
}

async function closing(instance: Instance): Promise<string> {
  return closingBlock({
    instance,
    fingerprints: fingerprints(await loadTrust(instance.trustFile)),
    trustPath: shortest(instance.trustFile),
    logsPath: shortest(instance.logsDir),
  });
}

/** As a person types it here. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

interface Interruption {
  /** Aborted by the first signal: a start under way is given up. */
  readonly signal: AbortSignal;
  readonly first: Promise<undefined>;
  readonly second: Promise<undefined>;
}

function listenForSignals(): Interruption {
  const controller = new AbortController();
  const first = Promise.withResolvers<undefined>();
  const second = Promise.withResolvers<undefined>();
  const received = () => {
    if (controller.signal.aborted) {
      second.resolve(undefined);
      return;
    }
    controller.abort();
    first.resolve(undefined);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, received);
  return { signal: controller.signal, first: first.promise, second: second.promise };
}
