import { parseArgs } from 'node:util';
import { AppError } from '#kernel';
import { startWitness, type RunningWitness } from './witness.module.js';

/**
 * The witness as a process. It takes its settings from the command line and loads neither Nest nor the platform: it is
 * what another organisation would run, and costs a twentieth of an app.
 */
async function main(): Promise<RunningWitness> {
  const option = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: option,
      name: option,
      key: option,
      trust: option,
      data: option,
    },
  });
  const { host, port, name, key, trust, data } = values;
  return startWitness({ host, port: Number(port), name, keyFile: key, trustFile: trust, directory: data }, report);
}

/** One line of JSON, like those of the apps; of an error its code, never its text. */
function report(what: string, cause: unknown): void {
  const code = cause instanceof AppError || isSystemError(cause) ? cause.code : 'unexpected';
  tell({ what, code, ...(cause instanceof AppError ? cause.details : {}) });
}

function tell(fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), app: 'witness', ...fields })}\n`);
}

function isSystemError(cause: unknown): cause is { code: string } {
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string';
}

try {
  const running = await main();
  tell({ what: 'ready to serve', listen: running.url });
  const close = () => void running.close().then(() => process.exit(0));
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
} catch (cause) {
  report('could not start', cause);
  process.exit(1);
}
