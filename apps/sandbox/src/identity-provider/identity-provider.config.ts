import { defineConfig, setting, type ConfigOf } from '#platform';

export const identityProviderConfig = defineConfig('sandbox identity provider', {
  host: setting.text({ env: 'KEREGE_HOST', default: '127.0.0.1', meaning: 'Address to listen on.' }),
  port: setting.port({ env: 'KEREGE_IDENTITY_PROVIDER_PORT', default: 8150, meaning: 'Port to listen on.' }),
  keysDir: setting.path({
    env: 'KEREGE_KEYS_DIR',
    default: './data/keys',
    meaning: 'Where its own key lies, and those of its clients, of which it takes the public halves.',
  }),
});
export type IdentityProviderConfig = ConfigOf<typeof identityProviderConfig>;
