import { runMain } from '#platform';
import { identityProviderConfig } from './identity-provider.config.js';
import { createIdentityProvider } from './identity-provider.module.js';

runMain('identity provider', () => createIdentityProvider(identityProviderConfig.load()));
