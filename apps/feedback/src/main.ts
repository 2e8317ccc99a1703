import { connectKafkaBus, kafkaPlace } from '#bus';
import { runMain, whenAvailable } from '#platform';
import { feedbackConfig } from './feedback.config.js';
import { createFeedback } from './feedback.module.js';

runMain('feedback', async (logger) => {
  const config = feedbackConfig.load();
  const bus = await whenAvailable('kafka', logger, () =>
    connectKafkaBus({ ...kafkaPlace(config), clientId: config.instanceId, logger: logger.child('bus') }),
  );
  const feedback = await createFeedback(config, { bus, logger });
  return { url: feedback.url, close: () => feedback.close().finally(() => bus.close()) };
});
