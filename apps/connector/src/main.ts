import { connectKafkaBus, kafkaPlace } from '#bus';
import { runMain, startTracing, whenAvailable } from '#platform';
import { connectorConfig } from './connector.config.js';
import { createConnector } from './connector.module.js';

runMain('connector', async (logger) => {
  const config = connectorConfig.load();
  const tracing = await startTracing('connector', config, logger);
  const bus = await whenAvailable('kafka', logger, () =>
    connectKafkaBus({ ...kafkaPlace(config), clientId: config.instanceId, logger: logger.child('bus') }),
  );
  const connector = await createConnector(config, { bus, logger, tracing });
  return {
    url: connector.url,
    close: () => connector.close().finally(() => Promise.all([bus.close(), tracing.close()])),
  };
});
