import type { ManagedProcess } from '#local';
import type { RunRecord } from './run-record.store.js';
import { Supervised } from './supervised.service.js';

/** Stages of a stop, in order: who takes requests first, what all others need last. */
export const STAGES = ['edge', 'providers', 'core', 'services'] as const;
export type Stage = (typeof STAGES)[number];

/** Together below the ten seconds that `sandbox.md` §1 allows; the gateway lets exchanges under way end. */
const GRACE_MS: Readonly<Record<Stage, number>> = { edge: 4_400, providers: 1_500, core: 1_500, services: 2_200 };

export interface Part {
  readonly name: string;
  readonly stage: Stage;
  readonly start: () => Promise<ManagedProcess>;
  readonly restart?: boolean;
  readonly onDeath?: () => void;
}

/** All processes of one instance. It never leaves one behind: each has a guard of its own for the case that we die. */
export class Supervisor {
  private readonly parts = new Map<string, { readonly stage: Stage; readonly supervised: Supervised }>();
  /** The stop under way, so that a second call joins it; set by `stop`. */
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly record: RunRecord,
    private readonly tell: (line: string) => void,
  ) {}

  get isStopping(): boolean {
    return this.stopped !== undefined;
  }

  /** Starts a part and supervises it from then on. */
  async start({ stage, ...part }: Part): Promise<void> {
    if (this.isStopping) return;
    const supervised = new Supervised({ ...part, record: this.record, tell: this.tell });
    this.parts.set(part.name, { stage, supervised });
    await supervised.start();
  }

  part(name: string): Supervised | undefined {
    return this.parts.get(name)?.supervised;
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  /** Kills everything at once. */
  async force(): Promise<void> {
    this.stopped ??= Promise.resolve();
    await Promise.all([...this.parts.values()].map(({ supervised }) => supervised.force()));
    await this.record.release();
  }

  private async stopInOrder(): Promise<void> {
    for (const stage of STAGES) {
      const members = [...this.parts.values()].filter((part) => part.stage === stage);
      await Promise.all(members.map(({ supervised }) => supervised.stop(GRACE_MS[stage])));
    }
    await this.record.release();
  }
}
