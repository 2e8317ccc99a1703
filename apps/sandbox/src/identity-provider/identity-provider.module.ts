import { join } from 'node:path';
import { loadKeySet } from '#platform';
import { keyFileName, KeyRing } from '#signing';
import { IDENTITY_PROVIDER_KEY } from '../instance/layout.js';
import { readKey } from '../keys/key-files.store.js';
import { sandboxErrors } from '../sandbox.errors.js';
import { CLIENTS } from './client.js';
import type { IdentityProviderConfig } from './identity-provider.config.js';
import { createIdentityProviderServer } from './identity-provider.controller.js';
import { mandateRoutes } from './mandate.controller.js';
import { oidcProvider } from './provider.service.js';

export interface RunningIdentityProvider {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the sandbox's identity provider: what a national sign-in is elsewhere, and no part of the bus. */
export async function createIdentityProvider(config: IdentityProviderConfig): Promise<RunningIdentityProvider> {
  const issuer = `http://${config.host}:${config.port}`;
  const load = (id: string) => loadKeySet(join(config.keysDir, keyFileName(id)));
  const files = CLIENTS.filter(({ isPublic }) => isPublic !== true).map(
    async ({ subsystem }) => [subsystem, await load(subsystem)] as const,
  );
  const clients = KeyRing.parse(await Promise.all(files));
  const own = await readKey(join(config.keysDir, keyFileName(IDENTITY_PROVIDER_KEY)));
  if (own === undefined) throw sandboxErrors.error('sandbox-keys-broken');
  const provider = oidcProvider(issuer, {
    own,
    ofClient: (subsystem) =>
      clients
        .publicKeys(subsystem)
        .filter(({ use }) => use === 'sign')
        .map(({ kid, jwk }) => ({ ...jwk, kid })),
  });
  const app = createIdentityProviderServer(provider, (server) => mandateRoutes(server, issuer, own));
  await app.listen({ host: config.host, port: config.port });
  return { url: issuer, close: () => app.close() };
}
