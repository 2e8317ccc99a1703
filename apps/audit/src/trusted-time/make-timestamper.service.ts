import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import { configErrors, type AppMetrics, type Logger } from '#platform';
import type { Database } from '#postgres';
import type { Certificate } from 'pkijs';
import type { AuditConfig } from '../audit.config.js';
import type { AuditKeys } from '../keys.service.js';
import { stateOf } from '../windows/window-state.js';
import type { WindowStore } from '../windows/window.store.js';
import { AnchorStore } from './anchor.store.js';
import { parseAuthorities } from './authority.js';
import { PublishedCheckpointStore } from '../witness/published-checkpoint.store.js';
import { StampableCheckpoints } from './stampable-checkpoints.service.js';
import { Timestamper, type TimestamperOptions } from './timestamper.service.js';
import { parseRoots } from './token-certificates.js';
import { trustedTimeMetrics } from './trusted-time-metrics.service.js';
import { trustedTimeErrors } from './trusted-time.errors.js';

interface TimestamperParts extends Pick<AuditKeys, 'signer' | 'timestampRoots' | 'policy'> {
  readonly config: AuditConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly metrics: AppMetrics;
}

/** The log from window to window. */
interface StampedWindows {
  readonly windows: WindowStore;
  /** The one that is written. */
  readonly logId: () => number;
  readonly head: TimestamperOptions['head'];
}

/** The time-stamper of the configuration. Throws `config-invalid` or `time-roots-unusable`. */
export function makeTimestamper(options: TimestamperParts, { windows, logId, head }: StampedWindows): Timestamper {
  const { bus, clock, config, database, logger, metrics, policy, signer } = options;
  const authorities = parseAuthorities(config.timeAuthorities);
  if (!authorities.ok) throw configErrors.error('config-invalid', { extensions: { problems: [authorities.reason] } });
  const checkpointsOf = (id: number) =>
    new StampableCheckpoints({ store: new PublishedCheckpointStore(database), logId: id, policy });
  return new Timestamper({
    bus,
    get store() {
      return new AnchorStore(database, logId());
    },
    closed: async () =>
      (await windows.list())
        .filter((window) => stateOf(window) === 'closed' && window.logId !== logId())
        .map(({ logId: id, size }) => ({ store: new AnchorStore(database, id), size, checkpoints: checkpointsOf(id) })),
    signer,
    instanceId: config.instanceId,
    clock,
    authorities: authorities.value,
    roots: authorities.value.length === 0 ? [] : rootsOf(options.timestampRoots),
    intervalMs: config.timeIntervalMs,
    timeoutMs: config.timeTimeoutMs,
    head,
    get checkpoints() {
      return checkpointsOf(logId());
    },
    metrics: trustedTimeMetrics.on(metrics),
    logger: logger.child('time'),
  });
}

function rootsOf(texts: readonly string[]): Certificate[] {
  const roots = texts.map(parseRoots);
  if (roots.length === 0 || roots.includes(undefined)) throw trustedTimeErrors.error('time-roots-unusable');
  return roots.flatMap((some) => some ?? []);
}
