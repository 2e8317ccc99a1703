import { runMain } from '#platform';
import { timeAuthorityConfig } from './time-authority.config.js';
import { createTimeAuthorities } from './time-authority.module.js';

runMain('time authorities', async () => {
  const running = await createTimeAuthorities(timeAuthorityConfig.load());
  return { url: running.urls['sandbox-time-1'], close: () => running.close() };
});
