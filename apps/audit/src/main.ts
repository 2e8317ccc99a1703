import { connectKafkaBus, kafkaPlace } from '#bus';
import { runMain, startTracing, whenAvailable } from '#platform';
import { auditConfig } from './audit.config.js';
import { createAudit } from './audit.module.js';

runMain('audit', async (logger) => {
  const config = auditConfig.load();
  const tracing = await startTracing('audit', config, logger);
  const bus = await whenAvailable('kafka', logger, () =>
    connectKafkaBus({ ...kafkaPlace(config), clientId: config.instanceId, logger: logger.child('bus') }),
  );
  const audit = await createAudit(config, { bus, logger, tracing });
  return { url: audit.url, close: () => audit.close().finally(() => Promise.all([bus.close(), tracing.close()])) };
});
