import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { inheritedEnvironment } from './environment.js';
import { localErrors } from './local.errors.js';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to our own environment; undefined takes a name away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Both output streams are appended here, so the process neither blocks on us nor loses its last words. */
  readonly logFile: string;
  readonly uid?: number;
  readonly gid?: number;
  /**
   * Signal that ends the process cleanly. PostgreSQL's is SIGINT: its SIGTERM waits for every client.
   */
  readonly stopSignal?: NodeJS.Signals;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How often a log file or a process is looked at while somebody waits for it. */
const POLL_MS = 25;
const TAIL_BYTES = 4096;

/**
 * A process in a process group of its own, so that Ctrl-C in a terminal reaches us and not it: who starts several
 * ends them in order. A guard ends the group if we die without doing so, also by SIGKILL.
 */
export class ManagedProcess {
  readonly pid: number;
  /** Settles once, when the process has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  private readonly guard: ChildProcess;
  /** Set once by the `exit` event. */
  private end: ProcessEnd | undefined;

  private constructor(
    private readonly child: ChildProcess,
    pid: number,
    readonly options: ProcessOptions,
    /** Size of the log file before this process: what it says stands behind it. */
    private readonly logStart: number,
  ) {
    this.pid = pid;
    this.guard = startGuard(pid);
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        this.end = { code, signal };
        // The guard must not outlive its charge: the number of the group may be given to others.
        this.guard.kill('SIGKILL');
        resolve(this.end);
      }),
    );
  }

  static async start(options: ProcessOptions): Promise<ManagedProcess> {
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = openSync(options.logFile, 'a');
    try {
      const logStart = statSync(options.logFile).size;
      const child = spawn(options.command, options.args, {
        detached: true,
        stdio: ['ignore', log, log],
        env: inheritedEnvironment(options.env),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.gid === undefined ? {} : { gid: options.gid }),
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) =>
          reject(localErrors.error('process-not-started', { cause, details: { command: options.command } })),
        );
      });
      return new ManagedProcess(child, child.pid as number, options, logStart);
    } finally {
      closeSync(log);
    }
  }

  get isRunning(): boolean {
    return this.end === undefined;
  }

  /** Sends a signal to the process itself. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** Sends SIGKILL to the whole group: for tests of what a crash leaves. */
  async kill(): Promise<void> {
    if (this.isRunning) signalGroup(this.pid, 'SIGKILL');
    await this.ended;
  }

  /** Asks the process to end and, after `graceMs`, ends its group. Resolves when it has ended. */
  async stop(graceMs = 10_000): Promise<ProcessEnd> {
    if (this.end !== undefined) return this.end;
    this.child.kill(this.options.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => signalGroup(this.pid, 'SIGKILL'), graceMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  /** What the process has written since it started, its last `bytes` at most. */
  tail(bytes = TAIL_BYTES): string {
    return readEnd(this.options.logFile, this.logStart, bytes);
  }

  /** Waits until `isReady` says so. Rejects with `process-not-ready` if the process ends or the time is up before. */
  async waitUntil(isReady: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isReady())) {
      if (!this.isRunning || Date.now() > deadline)
        throw localErrors.error('process-not-ready', {
          details: {
            command: this.options.command,
            logFile: this.options.logFile,
            ended: this.end,
            output: this.tail(),
          },
        });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Waits for a text in the output of this process. */
  waitForOutput(text: string, timeoutMs: number): Promise<void> {
    return this.waitUntil(() => readEnd(this.options.logFile, this.logStart, 1024 * 1024).includes(text), timeoutMs);
  }
}

/** Starts a process in its own group, its output in a file. */
export function spawnProcess(options: ProcessOptions): Promise<ManagedProcess> {
  return ManagedProcess.start(options);
}

/** Reads at most `bytes` from the end of a file, nothing before `from`. */
function readEnd(path: string, from: number, bytes: number): string {
  const file = openSync(path, 'r');
  try {
    const size = statSync(path).size;
    const start = Math.max(from, size - bytes);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
  } finally {
    closeSync(file);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended between the look and the signal, which is what was wanted.
  }
}

/** A shell that reads from us for ever: the end of its input is our end, whatever ended us. */
function startGuard(pid: number): ChildProcess {
  const script = `cat >/dev/null; kill -INT ${pid}; kill -TERM -${pid}; sleep 5; kill -KILL -${pid}`;
  const guard = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  // An open pipe would keep our own event loop alive.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return guard;
}
