import { connectKafkaBus, kafkaPlace } from '#bus';
import { runMain, whenAvailable } from '#platform';
import { registryConfig } from './registry.config.js';
import { createRegistry } from './registry.module.js';

runMain('registry', async (logger) => {
  const config = registryConfig.load();
  const bus = await whenAvailable('kafka', logger, () =>
    connectKafkaBus({
      ...kafkaPlace(config),
      clientId: config.instanceId,
      logger: logger.child('bus'),
    }),
  );
  const app = await createRegistry(config, { bus, logger });
  return { url: app.url, close: () => app.close().finally(() => bus.close()) };
});
