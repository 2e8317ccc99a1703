import { connectKafkaBus, kafkaPlace } from '#bus';
import { runMain, startTracing, whenAvailable } from '#platform';
import { gatewayConfig } from './gateway.config.js';
import { createGateway } from './gateway.module.js';

runMain('gateway', async (logger) => {
  const config = gatewayConfig.load();
  const tracing = await startTracing('gateway', config, logger);
  const bus = await whenAvailable('kafka', logger, () =>
    connectKafkaBus({
      ...kafkaPlace(config),
      clientId: config.instanceId,
      logger: logger.child('bus'),
    }),
  );
  const app = await createGateway(config, { bus, logger, tracing });
  return { url: app.url, close: () => app.close().finally(() => Promise.all([bus.close(), tracing.close()])) };
});
