import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadKeySet, loadTrust } from '#platform';
import { keyFileName, KeyRing, type PublicJwk } from '#signing';
import { builtFile } from '../instance/app-process.service.js';
import { CONTACT_PATH, PORTAL } from '../instance/layout.js';
import { readKey } from '../keys/key-files.store.js';
import { sandboxErrors } from '../sandbox.errors.js';
import type { PortalConfig } from './portal.config.js';
import { MailSink } from './messages/mail-sink.service.js';
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
  const feedbackKey = await publicKeyOf(config, config.feedbackId);
  if (key === undefined || feedbackKey === undefined) throw sandboxErrors.error('sandbox-keys-broken');
  const url = `http://${config.host}:${config.port}`;
  const mails = new MailSink();
  await mails.listen(config.host, config.mailPort);
  const app = createPortalServer({
    subsystem: PORTAL,
    key,
    signIn: new SignIn(config.issuerUrl, PORTAL, key),
    feedbackUrl: config.feedbackUrl,
    ...{ feedbackId: config.feedbackId, feedbackKey, contactUrl: `${url}${CONTACT_PATH}` },
    ...{ mails, handleSecret: Buffer.from(key.d, 'base64url') },
    gatewayUrl: config.gatewayUrl,
    vkeys: async () => (await loadTrust(config.trustFile)).logs,
    script: await readFile(builtFile(SCRIPT)),
    nowMs: () => Date.now(),
  });
  await app.listen({ host: config.host, port: config.port });
  return { url, close: () => Promise.all([app.close(), mails.close()]).then(() => undefined) };
}

/** The half that the registry publishes; in the sandbox all keys lie in one folder. */
async function publicKeyOf({ keysDir }: PortalConfig, id: string): Promise<PublicJwk | undefined> {
  const ring = KeyRing.parse([[id, await loadKeySet(join(keysDir, keyFileName(id)))]]);
  return ring.publicKeys(id).find(({ use }) => use === 'sign')?.jwk;
}
