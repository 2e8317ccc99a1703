import { runMain } from '#platform';
import { readFallbackPlan } from './fallback-plan.store.js';
import { fallbackConfig } from './fallback.config.js';
import { createOneProcess } from './one-process.module.js';

runMain('one-process', async (logger) =>
  createOneProcess(await readFallbackPlan(fallbackConfig.load().planFile), logger),
);
