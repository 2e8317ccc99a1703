import type { AppTokens } from '#pkcs11';
import type { Bus } from '#bus';
import { Secret, type Clock } from '#kernel';
import type { Logger, Trust } from '#platform';
import { accessBy, openDatabase, type Database } from '#postgres';
import type { FeedbackConfig } from './feedback.config.js';
import { keyAccess } from './key-store/migrations/access.js';
import { keyMigrations } from './key-store/migrations/index.js';
import { access } from './migrations/access.js';
import { migrations } from './migrations/index.js';
import type { FeedbackEvents } from './ops/feedback-metrics.service.js';

export interface FeedbackContext {
  readonly config: FeedbackConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: FeedbackEvents;
  readonly trust: Trust;
  readonly tokens: AppTokens;
}

export interface Databases {
  readonly feedback: Database;
  readonly keys: Database;
}

export async function openDatabases({
  config,
  logger,
}: Pick<FeedbackContext, 'config' | 'logger'>): Promise<Databases> {
  const onIdleError = (cause: unknown) => logger.warn({ err: cause }, 'idle database connection broke');
  const feedback = await openDatabase({
    url: config.databaseUrl.reveal(),
    schema: 'feedback',
    migrations,
    access: accessBy(access, config, logger),
    poolSize: config.databasePoolSize,
    onIdleError,
  });
  try {
    const keys = await openDatabase({
      url: config.keysDatabaseUrl.reveal(),
      schema: 'feedback_keys',
      migrations: keyMigrations,
      access: accessBy(
        keyAccess,
        {
          ...config,
          databaseOwnerUrl: config.keysDatabaseOwnerUrl,
          databaseReaderRole: '',
          databaseEraserUrl: Secret.none,
        },
        logger,
      ),
      poolSize: config.keysDatabasePoolSize,
      onIdleError,
    });
    return { feedback, keys };
  } catch (cause) {
    await feedback.close();
    throw cause;
  }
}
