import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/**
 * Gives Nest's own lines to ours. Nest's errors come with whatever a library put into their message, so of those only
 * the fact is kept: the exception filter logs the error itself, safely.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {
    // Start-up chatter (modules, routes) is of no use to an operator.
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context: text(context) }, text(message));
  }

  error(_message: unknown, _stack?: unknown, context?: unknown): void {
    this.logger.error({ context: text(context) }, 'Nest reported an error');
  }

  fatal(_message: unknown, context?: unknown): void {
    this.logger.fatal({ context: text(context) }, 'Nest reported a fatal error');
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
