import type { Clock } from '#kernel';
import type { Trust } from '#platform';
import { verifyEd25519 } from '#signing';
import { parseVkey, type NoteKey } from '#tlog';
import { logWatchErrors } from './log-watch.errors.js';
import { LogWatcher, type LogWatcherOptions } from './log-watcher.worker.js';
import { AuditService } from './public-log.service.js';
import { RememberedNotes } from './remembered-note.store.js';
import { witnessPolicy } from './witness-policy.service.js';

export interface WatchLogOptions extends Pick<LogWatcherOptions, 'alarm' | 'failed'> {
  /** `logWatchSettings`, and where audit is. */
  readonly config: {
    readonly auditUrl: string;
    readonly auditTimeoutMs: number;
    readonly logNotesDir: string;
    readonly logLookMs: number;
    readonly logUnwitnessedMs: number;
  };
  readonly trust: Trust;
  readonly clock: Clock;
}

/** Nobody shows this process a log of its own; what it remembers lies in a folder of its own. */
export function watchLog({ config, trust, clock, alarm, failed }: WatchLogOptions): Promise<LogWatcher> {
  return LogWatcher.start({
    logs: logKeys(trust),
    policy: witnessPolicy(trust),
    view: new AuditService(config.auditUrl, config.auditTimeoutMs),
    notes: new RememberedNotes(config.logNotesDir),
    clock,
    intervalMs: config.logLookMs,
    unwitnessedMs: config.logUnwitnessedMs,
    alarm,
    failed,
  });
}

/** Keys of the logs that `trust.json` names. */
export function logKeys({ logs }: Pick<Trust, 'logs'>): NoteKey[] {
  return logs.map((vkey) => {
    const key = parseVkey(vkey, verifyEd25519);
    if (!key.ok) throw logWatchErrors.error('trust-log-key', { extensions: { problems: [key.reason] } });
    return key.value;
  });
}
