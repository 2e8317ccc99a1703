import { expect, it } from '@jest/globals';
import { silentLogger } from '#platform';
import { WindowSides } from './window-sides.service.js';

it('lets no checkpoint out of a window whose witnesses nobody here has', async () => {
  const parts = { logger: silentLogger(), intervalMs: 1_000, sequencer: { isOwner: true } };
  const sides = new WindowSides(parts as never);
  expect(sides.mayPublish).toBe(true);
  expect(await sides.publish('audit.test.example/TEST/0/2026h2\n2\n')).toBe(false);
});
