import { z } from 'zod';
import { sha256, toHex, type SubsystemId } from '#kernel';
import { loadTrust } from '#platform';
import type { RecipientKey } from '#signing';
import { checkManifest, snapshotDigestOf, verifySnapshot, type RegistryView } from '#snapshot';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText } from '../terminal/json-client.service.js';

export interface RegistryOptions {
  readonly registryUrl: string;
  readonly trustFile: string;
}

const announcement = z.object({ statement: z.string(), digests: z.string(), snapshot: z.string() });

/**
 * What the registry announces now. Promises: whoever answers under that address cannot name a key that no manifest in
 * force says, signed with a registry key of trust.json.
 */
export async function publishedView({ registryUrl, trustFile }: RegistryOptions): Promise<RegistryView> {
  const { registryKeys } = await loadTrust(trustFile);
  const answer = await ask(`${registryUrl}/v1/announcement`);
  if (answer.status !== 200) throw cliErrors.error('server-refused', { extensions: { problem: problemText(answer) } });
  const read = announcement.safeParse(parseJson(answer.body));
  if (!read.success) throw cliErrors.error('answer-strange', { extensions: { address: registryUrl } });
  const nowMs = Date.now();
  const { snapshot, ...said } = read.data;
  const manifest = checkManifest(
    said,
    registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
  );
  if (!manifest.ok) throw unbelievable(manifest.reason);
  if (manifest.value.untilMs <= nowMs) throw unbelievable('manifest-expired');
  const bytes = Buffer.from(snapshot);
  if (snapshotDigestOf(said.digests) !== toHex(sha256(bytes))) throw unbelievable('snapshot-digest');
  const verified = verifySnapshot(bytes, new Map());
  if (!verified.ok) throw unbelievable(verified.reason);
  return verified.value.view;
}

/** The key for which a subsystem wants to be sealed now. Undefined: it has none. */
export async function publishedSealingKey(
  options: RegistryOptions,
  subsystem: SubsystemId,
): Promise<RecipientKey | undefined> {
  return (await publishedView(options)).sealingKey(subsystem, Date.now());
}

function unbelievable(problem: string): Error {
  return cliErrors.error('registry-unbelievable', { extensions: { problem } });
}
