import { defineConfig, setting, type ConfigOf } from '#platform';

export const timeAuthorityConfig = defineConfig('sandbox time-stamp authorities', {
  host: setting.text({ env: 'KEREGE_HOST', default: '127.0.0.1', meaning: 'Address to listen on.' }),
  dir: setting.path({
    env: 'KEREGE_TIME_AUTHORITY_DIR',
    default: './data/time-authority',
    meaning: 'Keys and certificates of both authorities, made by the sandbox.',
  }),
  time1: setting.port({ env: 'KEREGE_TIME_AUTHORITY_1_PORT', default: 8203, meaning: 'First authority.' }),
  time2: setting.port({ env: 'KEREGE_TIME_AUTHORITY_2_PORT', default: 8204, meaning: 'Second authority.' }),
});
export type TimeAuthorityConfig = ConfigOf<typeof timeAuthorityConfig>;
