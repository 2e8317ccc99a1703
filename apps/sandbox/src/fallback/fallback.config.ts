import { defineConfig, setting } from '#platform';

export const fallbackConfig = defineConfig('one-process sandbox', {
  planFile: setting.path({
    env: 'KEREGE_FALLBACK_PLAN',
    default: './data/fallback/plan.json',
    meaning: 'Settings of all apps, written by the sandbox that starts this process.',
  }),
});
