import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { openNote, type NoteKey } from '#tlog';
import type { AnchorStore } from './anchor.store.js';
import { ForkAlarm, type Fork } from './fork-alarm.js';
import { WitnessLane, type LanePace, type LaneParts, type LaneState } from './witness-lane.worker.js';
import type { WitnessClient } from './witness-client.service.js';
import type { WitnessMetrics } from '../ops/witness-metrics.service.js';

export interface WitnessingOptions {
  readonly clients: readonly WitnessClient[];
  readonly anchors: AnchorStore;
  readonly key: NoteKey;
  readonly proof: LaneParts['proof'];
  readonly headSize: LaneParts['headSize'];
  readonly clock: Clock;
  readonly metrics: WitnessMetrics;
  readonly logger: Logger;
  readonly pace?: LanePace;
}

/**
 * Has published checkpoints cosigned by every witness of the policy (`audit-log.md` §2.6), each in a lane of its own. It
 * promises that a sign of a fork stops publication and raises an alarm, that a cosignature is stored only after it was
 * verified, and that no witness ever delays a stamp or another witness.
 */
export class Witnessing {
  private readonly lanes: readonly WitnessLane[];
  private readonly alarm: ForkAlarm;

  constructor(private readonly options: WitnessingOptions) {
    const { clients, anchors, proof, headSize, clock, metrics, logger } = options;
    this.alarm = new ForkAlarm((fork) => {
      metrics.forks.add({});
      logger.error({ alarm: 'log-forked', ...fork }, 'a witness has seen another tree: nothing is published any more');
    });
    const parts = {
      anchors,
      proof,
      headSize,
      clock,
      alarm: this.alarm,
      asked: (answer: Parameters<LaneParts['asked']>[0]) => metrics.asked.add({ answer }),
      failed: (witness: string, cause: unknown) => logger.warn({ err: cause, witness }, 'a witness was not asked'),
    };
    this.lanes = clients.map((client) => new WitnessLane({ ...parts, client }, options.pace));
  }

  /** The first sign of a fork: nothing may be published then. */
  get fork(): Fork | undefined {
    return this.alarm.fork;
  }

  get states(): LaneState[] {
    return this.lanes.map((lane) => lane.state);
  }

  /** What is about to be published is noted for readers; it is shown to them and to witnesses from then on. */
  async publish(note: string): Promise<void> {
    const opened = openNote(note, [this.options.key]);
    if (!opened.ok || this.fork !== undefined) return;
    const { size, text } = opened.value;
    await this.options.anchors.addNote(size, this.options.key.name, note);
    if (size > 0) for (const lane of this.lanes) lane.offer({ note, checkpoint: { size, text } });
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
    await Promise.all(this.options.clients.map((client) => client.close()));
  }
}
