import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { repositoryRoot, spawnProcess, type ManagedProcess, type ProcessEnd } from '#local';
import { testingErrors } from './eventually.js';

export interface AppProcessOptions {
  /** Name below `apps/`; its built program is run. */
  readonly app: string;
  /** Its whole configuration: the names of our own environment that configure apps are taken away. */
  readonly env: Readonly<Record<string, string>>;
  /** Waited for until it answers 200, e.g. `http://127.0.0.1:23456/ready`. */
  readonly readyUrl: string;
  /** The authority of its certificate, PEM, where it speaks TLS. */
  readonly ca?: string;
  readonly timeoutMs?: number;
}

export interface AppProcess {
  readonly pid: number;
  readonly process: ManagedProcess;
  /** Everything that it has written so far. */
  output(): Promise<string>;
  /** SIGTERM, as an operator stops it. */
  stop(): Promise<ProcessEnd>;
  /** SIGKILL: it gets no chance to tidy up. */
  kill(): Promise<void>;
}

export interface ProcessRunner {
  start(options: AppProcessOptions): Promise<AppProcess>;
  /** Ends all that it started, in reverse order; call it in `afterAll`, whatever has failed. */
  stopAll(): Promise<void>;
}

/** Runs built apps as the sandbox and an operator do: `npm run build` first. */
export function processRunner(): ProcessRunner {
  const started: ManagedProcess[] = [];
  let directory: Promise<string> | undefined;
  return {
    async start({ app, env, readyUrl, ca, timeoutMs = 30_000 }) {
      const main = join(repositoryRoot(), 'dist/bin', `${app}.js`);
      if (!existsSync(main)) throw testingErrors.error('not-built', { details: { main } });
      directory ??= mkdtemp(join(tmpdir(), 'kerege-process-'));
      const logFile = join(await directory, `${started.length}-${app}.log`);
      const child = await spawnProcess({
        command: process.execPath,
        args: ['--enable-source-maps', main],
        cwd: repositoryRoot(),
        env: {
          DATABASE_URL: undefined,
          DATABASE_OWNER_URL: undefined,
          KAFKA_BROKERS: undefined,
          NODE_OPTIONS: undefined,
          ...env,
        },
        logFile,
      });
      started.push(child);
      await child.waitUntil(() => answers(readyUrl, ca), timeoutMs);
      return {
        pid: child.pid,
        process: child,
        output: () => readFile(logFile, 'utf8'),
        stop: () => child.stop(),
        kill: () => child.kill(),
      };
    },
    async stopAll() {
      for (const child of started.reverse()) await child.stop();
      if (directory !== undefined) await rm(await directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string, ca: string | undefined): Promise<boolean> {
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(1000) });
    await body.dump();
    return statusCode === 200;
  } catch {
    // Not listening yet: asked again until the deadline.
    return false;
  } finally {
    await dispatcher.destroy();
  }
}
