import { existsSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { cacheDirectory, repositoryRoot, spawnProcess, type ManagedProcess } from '#local';
import { sandboxErrors } from '../sandbox.errors.js';
import type { AppPlan } from './app-plan.js';

const LIVE_TIMEOUT_MS = 60_000;
const RETRY_PAUSE_MS = 300;
/** Of V8, for a laptop: its own default, 16, leaves 50 MB more resident in an idle process and gives 5 % more under load. */
const YOUNG_GENERATION_MIB = 4;
const MAX_LOG_BYTES = 8 * 1024 * 1024;

export interface AppProcessOptions {
  readonly plan: AppPlan;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** The built file of an app; refuses if there is none. */
export function builtFile(path: string): string {
  const file = join(repositoryRoot(), 'dist', path);
  if (!existsSync(file)) throw sandboxErrors.error('sandbox-not-built', { details: { file } });
  return file;
}

/**
 * Starts an app and waits until it lives. One that ends before is tried again until the time is up: on a first start
 * topics are still being made while others look for them.
 */
export async function startApp({ plan, logFile, signal }: AppProcessOptions): Promise<ManagedProcess> {
  await startLogAnew(logFile);
  const deadline = Date.now() + LIVE_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const started = await spawnApp(plan, logFile);
    try {
      await started.waitUntil(() => signal.aborted || isOk(plan.liveUrl), Math.max(1, deadline - Date.now()));
      return started;
    } catch (cause) {
      const output = started.tail();
      await started.stop(1_000);
      signal.throwIfAborted();
      if (Date.now() < deadline) {
        await delay(RETRY_PAUSE_MS);
        continue;
      }
      throw sandboxErrors.error('sandbox-app-failed', {
        cause,
        extensions: { problems: [`${plan.name}, log ${logFile}`, ...lastLines(output)] },
      });
    }
  }
}

function spawnApp(plan: AppPlan, logFile: string): Promise<ManagedProcess> {
  return spawnProcess({
    command: process.execPath,
    args: [
      '--import',
      pathToFileURL(builtFile('libs/platform/src/run/own-source-maps.js')).href,
      `--max-semi-space-size=${YOUNG_GENERATION_MIB}`,
      builtFile(plan.main),
      ...(plan.args ?? []),
    ],
    cwd: repositoryRoot(),
    env: {
      NODE_OPTIONS: undefined,
      // Compiled code is kept between starts: loading Nest and TypeORM is most of what an app does until it lives.
      NODE_COMPILE_CACHE: join(cacheDirectory(), 'compile-cache'),
      // Of the C library: what a start needs for a moment goes back at once. Its own rule keeps up to 45 MB for ever.
      MALLOC_ARENA_MAX: '2',
      MALLOC_TRIM_THRESHOLD_: '131072',
      ...plan.env,
    },
    logFile,
  });
}

/** A log does not grow for ever: a long one is put aside at the next start of its app. */
async function startLogAnew(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => undefined);
  if (found !== undefined && found.size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.1`);
}

export async function isOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    // Not listening yet: asked again until the deadline.
    return false;
  }
}

function lastLines(output: string): string[] {
  return output.trimEnd().split('\n').slice(-6);
}
