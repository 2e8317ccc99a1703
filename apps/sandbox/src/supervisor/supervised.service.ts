import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedProcess } from '#local';
import { BackOff } from './back-off.js';
import type { RunRecord } from './run-record.store.js';

export interface SupervisedOptions {
  readonly name: string;
  /** Starts the process and resolves when it does its work. */
  readonly start: () => Promise<ManagedProcess>;
  readonly record: RunRecord;
  /** One line for a person: what died, what is done about it. */
  readonly tell: (line: string) => void;
  /** False: a death is told and nothing else, because what died cannot be had back. */
  readonly restart?: boolean;
  readonly onDeath?: () => void;
}

/** One process of the instance: started, watched, started again with growing pauses when it dies, and stopped. */
export class Supervised {
  readonly name: string;
  /** The process as it is now; written by `launch`. */
  private process: ManagedProcess | undefined;
  /** Set once by `stop` or `force`; nothing is started after it. */
  private readonly stopping = new AbortController();
  private readonly backOff = new BackOff();
  /** Its end is wanted and nothing is started in its place; written by `takeDown`, `terminate` and `bringBack`. */
  private isTakenDown = false;
  /** The start or restart under way, which a stop has to wait for. */
  private launching: Promise<void> = Promise.resolve();

  constructor(private readonly options: SupervisedOptions) {
    this.name = options.name;
  }

  /** Rejects if the first start fails: then nothing is supervised. */
  start(): Promise<void> {
    this.launching = this.launch();
    return this.launching;
  }

  get pid(): number | undefined {
    return this.process?.isRunning === true ? this.process.pid : undefined;
  }

  /** SIGKILL to its whole group, as a crash: it is started again. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** SIGKILL, and nothing is started in its place before `bringBack`. */
  async takeDown(): Promise<void> {
    this.isTakenDown = true;
    await this.launching.catch(() => undefined);
    await this.kill();
  }

  /** Starts what was taken down, without a pause; resolves when it does its work again. */
  async bringBack(): Promise<void> {
    if (!this.isTakenDown || this.stopping.signal.aborted) return;
    this.isTakenDown = false;
    try {
      await this.start();
    } catch (cause) {
      this.isTakenDown = true;
      throw cause;
    }
  }

  /** Asks it to end, as an operator's restart does, and starts it again. Returns its exit code; null: it had to be killed. */
  async terminate(graceMs: number): Promise<number | null> {
    this.isTakenDown = true;
    await this.launching.catch(() => undefined);
    const end = await this.process?.stop(graceMs);
    await this.bringBack();
    return end?.code ?? null;
  }

  /** SIGSTOP: it keeps its connections and says nothing. */
  pause(): void {
    this.process?.signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.process?.signal('SIGCONT');
  }

  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    // A start under way is given the same time; what it leaves is ended by the guard of its process.
    await Promise.race([this.launching.catch(() => undefined), delay(graceMs, undefined, { ref: false })]);
    if (this.process === undefined) return;
    // One that is paused would not hear that it should end.
    this.resume();
    await this.process.stop(graceMs);
    await this.options.record.remove(this.name);
  }

  /** No grace: the group is killed now. */
  async force(): Promise<void> {
    this.stopping.abort();
    await this.process?.kill();
  }

  private async launch(): Promise<void> {
    const startedAt = Date.now();
    const started = await this.options.start();
    this.process = started;
    // Up only after a stop had given up waiting for it: nobody else would end it while we live.
    if (this.stopping.signal.aborted) return started.kill();
    await this.options.record.add(this.name, started.pid);
    void started.ended.then((end) => this.died(startedAt, end.signal ?? `code ${String(end.code)}`));
  }

  private died(startedAt: number, how: string): void {
    if (this.stopping.signal.aborted || this.isTakenDown) return;
    if (this.options.restart === false) {
      this.options.tell(`${this.name} ended (${how}) and cannot be started again by itself`);
      this.options.onDeath?.();
      return;
    }
    const pauseMs = this.backOff.next(Date.now() - startedAt);
    this.options.tell(`${this.name} ended (${how}); starting it again in ${pauseMs} ms`);
    this.launching = this.relaunch(pauseMs);
  }

  private async relaunch(pauseMs: number): Promise<void> {
    await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    if (this.stopping.signal.aborted || this.isTakenDown) return;
    const startedAt = Date.now();
    try {
      await this.launch();
      this.options.tell(`${this.name} is back`);
    } catch {
      // Its own log says why; here only that it goes on being tried.
      this.died(startedAt, 'could not start');
    }
  }
}
