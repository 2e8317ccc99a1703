import { join } from 'node:path';
import { keyFileName, loadKeySet, loadTrust } from '#platform';
import { parseVkey, type NoteKey, type NoteSigner } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { parseLogKey } from '../log-key.js';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import { windowOf } from './window-name.js';

export interface LogKey {
  readonly signer: NoteSigner;
  readonly key: NoteKey;
  readonly vkey: string;
}

/** Identifiers of the files in which the key of that log may lie: its window's own, or that of an instance's first log. */
export function logKeyIdentifiers(instanceId: string, origin: string): [own: string, first: string] {
  return [`${instanceId}.log.${windowOf(origin)}`, `${instanceId}.log`];
}

/**
 * The key pairs of the windows, one for each (`audit-log.md` §3.7): private halves from the key folder, and only those
 * whose public half `trust.json` names. Both are read anew each time, so that the operator may bring a key while we run.
 */
export class LogKeys {
  constructor(private readonly config: Pick<AuditConfig, 'keysDir' | 'trustFile' | 'instanceId'>) {}

  /** Rejects with `log-key-mismatch` if no file holds a trusted key of that log. */
  async load(origin: string): Promise<LogKey> {
    const { keysDir, trustFile, instanceId } = this.config;
    const { logs } = await loadTrust(trustFile);
    const problems: unknown[] = [];
    for (const identifier of logKeyIdentifiers(instanceId, origin)) {
      const text = await loadKeySet(join(keysDir, keyFileName(identifier))).catch((cause: unknown) => {
        problems.push(cause);
        return undefined;
      });
      const found = text === undefined ? undefined : parseLogKey(origin, text);
      const key = found === undefined ? undefined : parseVkey(found.vkey);
      if (found !== undefined && key?.ok === true && logs.includes(found.vkey)) return { ...found, key: key.value };
    }
    throw sequencerErrors.error('log-key-mismatch', { cause: problems[0], details: { origin } });
  }

  /** Public keys of all windows, by origin, as `trust.json` has them. */
  async trusted(): Promise<ReadonlyMap<string, string>> {
    const { logs } = await loadTrust(this.config.trustFile);
    return new Map(
      logs.flatMap((vkey) => {
        const key = parseVkey(vkey);
        return key.ok ? [[key.value.name, vkey] as const] : [];
      }),
    );
  }
}
