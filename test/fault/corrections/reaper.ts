import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#testing';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import type { Death } from '../ledger/case-judge.js';

export const VICTIMS = ['feedback', 'audit', 'gateway', 'cn1', 'cn2'] as const;
export type Victim = (typeof VICTIMS)[number] | 'kafka' | 'postgres';

/** Those that may be away together: no two of them have a part in one act. */
const APART: ReadonlySet<Victim> = new Set(['gateway', 'cn1', 'cn2']);
/** What a supervisor takes to notice. */
const PAUSE_MS = 250;
const READY_MS = 120_000;

/** Kills with -9 and has the supervisor start again; what would blur who was to blame is never away at the same time. */
export class Reaper {
  readonly deaths: Death[] = [];
  private readonly held = new Set<Victim>();
  private readonly waiting: { readonly victim: Victim; readonly begin: () => void }[] = [];

  constructor(private readonly instance: Pick<Instance, 'takeDown' | 'bringBack' | 'ports'>) {}

  /** Resolves when nobody else is being killed who must not be away meanwhile; returns how to end that, once or often. */
  async permit(victim: Victim): Promise<() => void> {
    await new Promise<void>((begin) => {
      this.waiting.push({ victim, begin });
      this.admit();
    });
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.held.delete(victim);
      this.admit();
    };
  }

  /** `died` is called before it is started again. */
  async kill(victim: Victim, died?: () => void): Promise<Death> {
    const killedMs = Date.now();
    await this.instance.takeDown(victim);
    died?.();
    await delay(PAUSE_MS);
    await this.bringBack(victim);
    const death = { victim, killedMs, backMs: Date.now() };
    this.deaths.push(death);
    return death;
  }

  /** Resolves when it is ready. Whose start fails, because what it needs starts as well, is tried again. */
  async bringBack(victim: Victim): Promise<void> {
    await eventually(() => this.instance.bringBack(victim).then(() => true), {
      timeoutMs: READY_MS,
      intervalMs: PAUSE_MS,
    });
    if (victim === 'kafka' || victim === 'postgres') return;
    const url = `http://127.0.0.1:${this.instance.ports[victim]}/ready`;
    const isReady = async () => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
    await eventually(isReady, { timeoutMs: READY_MS, intervalMs: 50 });
  }

  /** In the order of asking: who waits for the others to be alone is not overtaken for ever. */
  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined && this.mayHold(next.victim); next = this.waiting[0]) {
      this.waiting.shift();
      this.held.add(next.victim);
      next.begin();
    }
  }

  private mayHold(victim: Victim): boolean {
    const isApart = APART.has(victim) && [...this.held].every((one) => APART.has(one) && one !== victim);
    return this.held.size === 0 || isApart;
  }
}
