import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTrust } from '#platform';
import { keyFileName } from '#signing';
import { builtFile } from '../instance/app-process.service.js';
import { PORTAL } from '../instance/layout.js';
import { readKey } from '../keys/key-files.store.js';
import { sandboxErrors } from '../sandbox.errors.js';
import type { PortalConfig } from './portal.config.js';
import { createPortalServer } from './portal.controller.js';
import { SignIn } from './sign-in.service.js';

export interface RunningPortal {
  readonly url: string;
  close(): Promise<void>;
}

/** The page as it was built, beside the built apps. */
const SCRIPT = 'apps/feedback/web/accesses.js';

/** Starts the sandbox's portal: what a national portal's backend is elsewhere, and no part of the bus. */
export async function createPortal(config: PortalConfig): Promise<RunningPortal> {
  const key = await readKey(join(config.keysDir, keyFileName(PORTAL)));
  if (key === undefined) throw sandboxErrors.error('sandbox-keys-broken');
  const app = createPortalServer({
    subsystem: PORTAL,
    key,
    signIn: new SignIn(config.issuerUrl, PORTAL, key),
    feedbackUrl: config.feedbackUrl,
    gatewayUrl: config.gatewayUrl,
    vkeys: async () => (await loadTrust(config.trustFile)).logs,
    script: await readFile(builtFile(SCRIPT)),
    nowMs: () => Date.now(),
  });
  await app.listen({ host: config.host, port: config.port });
  return { url: `http://${config.host}:${config.port}`, close: () => app.close() };
}
