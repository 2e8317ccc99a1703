import { AppError } from '#kernel';
import { createLogger, type Logger } from '../logging/logger.js';
import { settleMemory } from './settle-memory.js';

interface Closable {
  readonly url?: string;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 9_000;

/**
 * The whole of a `main.ts`: creates the app, waits for SIGTERM or SIGINT, closes it in order. A start that fails is
 * told in one line with its code and what to do next, exit code 1.
 */
export function runMain(name: string, create: (logger: Logger) => Promise<Closable>): void {
  const logger = createLogger(name);
  void create(logger).then(
    (running) => {
      logger.info({ listen: running.url ?? 'none' }, 'ready to serve');
      closeOnSignal(running, logger);
      settleMemory();
    },
    (cause: unknown) => failStart(name, cause, logger),
  );
}

function failStart(name: string, cause: unknown, logger: Logger): void {
  logger.fatal({ err: cause }, 'could not start');
  process.stderr.write(`${startFailure(name, cause)}\n`);
  // Half-started parts (pools, consumers) would keep the process alive; the supervisor is to see that it failed.
  process.exit(1);
}

/** What the operator reads when a start fails. */
export function startFailure(name: string, cause: unknown): string {
  if (!(cause instanceof AppError))
    return `${name} could not start: unexpected error; the log line above has the place.`;
  const problems = Array.isArray(cause.extensions['problems']) ? cause.extensions['problems'] : [];
  const list = problems.filter((problem) => typeof problem === 'string').map((problem) => `\n  - ${problem}`);
  return `${name} could not start: ${cause.code}: ${cause.message}${list.join('')}\n  ${cause.entry.next}`;
}

function closeOnSignal(running: Closable, logger: Logger): void {
  let isClosing = false;
  const close = (signal: string) => {
    if (isClosing) return;
    isClosing = true;
    logger.info({ signal }, 'closing');
    const timer = setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS);
    running.close().then(
      () => {
        clearTimeout(timer);
        process.exit(0);
      },
      (cause: unknown) => {
        logger.error({ err: cause }, 'did not close cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}
