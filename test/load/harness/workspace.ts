import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, repositoryRoot, spawnProcess, startKafka, type ManagedProcess } from '#local';

const READY_TIMEOUT_MS = 60_000;

/** A temporary directory and what a benchmark starts in it; ended in reverse order, whatever happens. */
export class Workspace {
  private readonly ends: (() => Promise<unknown>)[] = [];

  private constructor(readonly directory: string) {}

  static async use<Value>(work: (workspace: Workspace) => Promise<Value>): Promise<Value> {
    const directory = await mkdtemp(join(tmpdir(), 'kerege-bench-'));
    // PostgreSQL may run as another user, who has to get through.
    await chmod(directory, 0o755);
    const workspace = new Workspace(directory);
    try {
      const outcome = await work(workspace);
      await workspace.end();
      await rm(directory, { recursive: true, force: true });
      return outcome;
    } catch (cause) {
      await workspace.end();
      // What was wrong stands in the logs, which would go with the folder.
      process.stderr.write(`the logs of the benchmark are kept in ${directory}\n`);
      throw cause;
    }
  }

  private async end(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end().catch(() => undefined);
  }

  onEnd(end: () => Promise<unknown>): void {
    this.ends.push(end);
  }

  async kafka(): Promise<string> {
    const broker = await startKafka({
      dataDir: join(this.directory, 'kafka'),
      port: await freePort(),
      controllerPort: await freePort(),
      logFile: join(this.directory, 'kafka.log'),
      isForLong: true,
    });
    this.onEnd(() => broker.stop());
    return broker.brokers;
  }

  /** A program of `test/load` in a process of its own, as its counterpart is in one; ready when it prints `ready`. */
  async program(name: string, args: readonly string[]): Promise<ManagedProcess> {
    const started = await spawnProcess({
      command: process.execPath,
      args: ['--enable-source-maps', join(repositoryRoot(), 'dist/test/load', `${name}.js`), ...args],
      logFile: join(this.directory, `${name.replaceAll('/', '-')}.log`),
    });
    this.onEnd(() => started.stop(5_000));
    await started.waitForOutput('ready', READY_TIMEOUT_MS).catch((cause: unknown) => {
      process.stderr.write(`${name} did not become ready:\n${started.tail()}\n`);
      throw cause;
    });
    return started;
  }
}
