import { join } from 'node:path';
import { keyFileName, loadKeySet, loadTrust, type Trust } from '#platform';
import { witnessPolicy } from '#log-watch';
import { KeyRing, type Signer, type SigningDevice } from '#signing';
import type { NoteKey, NoteSigner, WitnessPolicy } from '#tlog';
import type { AuditConfig } from './audit.config.js';
import { LogKeys } from './windows/log-keys.service.js';

export interface AuditKeys {
  readonly noteSigner: NoteSigner;
  readonly noteKey: NoteKey;
  readonly vkey: string;
  readonly signer: Signer;
  readonly registryKeys: Trust['registryKeys'];
  readonly timestampRoots: Trust['timestampRoots'];
  /** Who witnesses the log; undefined: nobody. */
  readonly policy: WitnessPolicy | undefined;
  /** Any two of them may start the log while no witness answers. */
  readonly operators: Trust['operators'];
}

/** Audit's instance key, with which it signs statements, is not the key of a log: `origin` names the one in hand. */
export async function loadKeys(
  config: AuditConfig,
  device: SigningDevice | undefined,
  origin = config.origin,
): Promise<AuditKeys> {
  const trust = await loadTrust(config.trustFile);
  const instanceKeys = await loadKeySet(join(config.keysDir, keyFileName(config.instanceId)));
  const { signer, key, vkey } = await new LogKeys(config).load(origin);
  return {
    noteSigner: signer,
    noteKey: key,
    vkey,
    signer: KeyRing.parse([[config.instanceId, instanceKeys]], device).signer(config.instanceId),
    registryKeys: trust.registryKeys,
    timestampRoots: trust.timestampRoots,
    policy: witnessPolicy(trust),
    operators: trust.operators,
  };
}
