import { join } from 'node:path';
import { keyFileName, loadKeySet, loadTrust, type Trust } from '#platform';
import { witnessPolicy } from '#log-watch';
import { KeyRing, type Signer } from '#signing';
import { parseVkey, type NoteKey, type NoteSigner, type WitnessPolicy } from '#tlog';
import type { AuditConfig } from './audit.config.js';
import { parseLogKey } from './log-key.js';
import { sequencerErrors } from './sequencer/sequencer.errors.js';

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

/** Audit's instance key, with which it signs statements, is not its log key: two files. */
export async function loadKeys(config: AuditConfig): Promise<AuditKeys> {
  const trust = await loadTrust(config.trustFile);
  const instanceKeys = await loadKeySet(join(config.keysDir, keyFileName(config.instanceId)));
  const logKey = parseLogKey(
    config.origin,
    await loadKeySet(join(config.keysDir, keyFileName(`${config.instanceId}.log`))),
  );
  const noteKey = logKey === undefined ? undefined : parseVkey(logKey.vkey);
  if (logKey === undefined || noteKey?.ok !== true || !trust.logs.includes(logKey.vkey))
    throw sequencerErrors.error('log-key-mismatch', { details: { origin: config.origin } });
  return {
    noteSigner: logKey.signer,
    noteKey: noteKey.value,
    vkey: logKey.vkey,
    signer: KeyRing.parse([[config.instanceId, instanceKeys]]).signer(config.instanceId),
    registryKeys: trust.registryKeys,
    timestampRoots: trust.timestampRoots,
    policy: witnessPolicy(trust),
    operators: trust.operators,
  };
}
