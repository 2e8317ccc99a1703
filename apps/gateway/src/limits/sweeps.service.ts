import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AgreedSweep } from '#access';
import type { SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import { spelled } from '#signing';
import { SubjectWindow } from './subject-window.js';

/** A call about somebody, on its way to be let through. */
export interface SweepQuestion {
  readonly consumer: SubsystemId;
  readonly purpose: string;
  readonly subject: { readonly country: string; readonly type: string; readonly code: string };
  readonly agreed: AgreedSweep;
}

interface Watched {
  readonly window: SubjectWindow;
  /** Smallest threshold that is passed now and was alarmed about. */
  alarmedAt: number | undefined;
}

export type SweepAlarm = (details: Readonly<Record<string, unknown>>) => void;

/** Pairs of consumer and purpose that are watched; each costs at most twelve kilobytes. */
const MAX_WATCHED = 2_000;
const HOUR_MS = 60 * 60_000;

/**
 * Watches for consumers that read through a register: many subjects for one purpose within an hour (E58). Keeps no
 * subject, and nothing by which one could be found out without this process's own secret.
 */
export class Sweeps {
  private readonly secret = randomBytes(32);
  private readonly watched = new LRUCache<string, Watched>({
    max: MAX_WATCHED,
    ttl: 2 * HOUR_MS,
    updateAgeOnGet: true,
  });

  constructor(private readonly alarm: SweepAlarm) {}

  /** Counts the subject; whether there are more within the hour than the agreement takes for normal. */
  see({ consumer, purpose, subject, agreed }: SweepQuestion, nowMs: number): boolean {
    const watched = this.of(`${consumer} ${purpose}`);
    const subjects = watched.window.add(createHmac('sha256', this.secret).update(spelled(subject)).digest(), nowMs);
    const { subjectsPerHour } = agreed;
    const isSweeping = subjects > subjectsPerHour;
    if (!isSweeping) {
      // Below the threshold that was alarmed about it is over; a larger one of another agreement says nothing.
      if (watched.alarmedAt !== undefined && subjects <= watched.alarmedAt) watched.alarmedAt = undefined;
      return false;
    }
    if (watched.alarmedAt === undefined) {
      watched.alarmedAt = subjectsPerHour;
      this.alarm({ consumer, purpose, subjectsPerHour: subjects, agreed: subjectsPerHour });
    }
    return true;
  }

  /** Whether it is so already, without counting anybody. */
  isOver(consumer: SubsystemId, purpose: string, { subjectsPerHour }: AgreedSweep, nowMs: number): boolean {
    const watched = this.watched.get(`${consumer} ${purpose}`);
    return watched !== undefined && watched.window.size(nowMs) > subjectsPerHour;
  }

  /** Consumers and purposes that are above their threshold now. */
  sweeping(nowMs: number): number {
    return [...this.watched.values()].filter(
      ({ alarmedAt, window }) => alarmedAt !== undefined && window.size(nowMs) > alarmedAt,
    ).length;
  }

  reading(nowMs: number): Reading {
    const sweeping = this.sweeping(nowMs);
    const details = { watched: this.watched.size, sweeping };
    if (sweeping === 0) return { state: 'ok', details };
    return { state: 'degraded', reason: 'a consumer asks about unusually many persons; the log says which', details };
  }

  private of(name: string): Watched {
    const known = this.watched.get(name);
    if (known !== undefined) return known;
    const fresh: Watched = { window: new SubjectWindow(), alarmedAt: undefined };
    this.watched.set(name, fresh);
    return fresh;
  }
}
