import { execFile } from 'node:child_process';
import { inheritedEnvironment } from './environment.js';

export interface CommandOutcome {
  /** Exit code; undefined if the program is not there, was killed or ran out of time. */
  readonly code: number | undefined;
  /** Both streams, one after the other. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

/** Runs a program to its end. Failing is an outcome here, not an exception: the caller knows what it means. */
export function runCommand(
  command: string,
  args: readonly string[],
  { timeoutMs, env, ...options }: CommandOptions,
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { ...options, env: inheritedEnvironment(env), timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, output: stdout + stderr });
        else resolve({ code: typeof error.code === 'number' ? error.code : undefined, output: stdout + stderr });
      },
    );
  });
}
