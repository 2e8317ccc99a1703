import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromToken, ToToken, TokenPlan, TokenReason } from './token.worker.js';

/** What happens to one token's process; each once for each process. */
export interface TokenProcessEvents {
  readonly said: (message: FromToken) => void;
  /** It is gone, for whatever reason: nothing that it was asked will be answered. */
  readonly ended: (reason: TokenReason | 'token-crashed', said?: string) => void;
}

/** Of the environment what any program needs; everything of ours, passwords too, is kept from a foreign library. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ', 'LD_LIBRARY_PATH'];

/** One life of the process that holds a token (`token.worker.ts`). Whoever starts it ends it. */
export class TokenProcess {
  private readonly child: ChildProcess;
  private isOver = false;

  constructor(plan: TokenPlan, environment: readonly string[], events: TokenProcessEvents) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = fileURLToPath(new URL(`./token.worker.${extension}`, import.meta.url));
    this.child = fork(worker, [String(process.pid)], {
      execArgv: extension === 'ts' ? ['--disable-warning=ExperimentalWarning'] : [],
      env: environmentOf(plan, environment),
      serialization: 'advanced',
      // What a library prints on its own may hold anything.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let last: Extract<FromToken, { kind: 'failed' }> | undefined;
    this.child.on('message', (message: FromToken) => {
      if (this.isOver) return;
      if (message.kind === 'failed' && message.n === undefined) last = message;
      events.said(message);
    });
    const end = () => {
      if (this.isOver) return;
      this.isOver = true;
      events.ended(last?.reason ?? 'token-crashed', last?.said);
    };
    this.child.on('error', end);
    this.child.on('exit', end);
    // Idle, it keeps no command from ending; with signatures under way their promises do.
    this.holdOpen(false);
    this.send({ kind: 'open', plan });
  }

  send(message: ToToken): void {
    // An error is the end of the process, which is told by `exit`.
    if (!this.isOver && this.child.connected) this.child.send(message, () => undefined);
  }

  /** Whether our own process must wait for what this one still has to say. */
  holdOpen(isAwaited: boolean): void {
    for (const part of [this.child, this.child.channel])
      if (isAwaited) part?.ref();
      else part?.unref();
  }

  /** At once: a library that hangs hears nothing milder. */
  kill(): void {
    this.isOver = true;
    this.child.kill('SIGKILL');
  }
}

function environmentOf({ sessions }: TokenPlan, names: readonly string[]): NodeJS.ProcessEnv {
  const known = [...PASSED_ON, ...names].flatMap((name) => {
    // The module's own settings: their names are configuration, their values are not ours to know.
    // eslint-disable-next-line no-restricted-properties -- handed on, never read
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // Each session signs in a thread of its own.
  return { ...Object.fromEntries(known), UV_THREADPOOL_SIZE: String(Math.max(4, sessions)) };
}
