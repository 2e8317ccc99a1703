import { execFile } from 'node:child_process';
import { sandboxErrors } from '../sandbox.errors.js';

const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Runs `openssl` in a folder. Rejects with `sandbox-openssl-failed`. */
export function openssl(cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('openssl', args, { cwd, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, _out, err) => {
      if (error === null) resolve();
      else {
        const problems = [`openssl ${args[0] ?? ''}`, ...err.trimEnd().split('\n').slice(-4)];
        reject(sandboxErrors.error('sandbox-openssl-failed', { cause: error, extensions: { problems } }));
      }
    });
  });
}

/** Whether there is an `openssl` with the `ts` command on PATH. */
export function hasOpenssl(): Promise<boolean> {
  return openssl('.', ['ts', '-help']).then(
    () => true,
    () => false,
  );
}
