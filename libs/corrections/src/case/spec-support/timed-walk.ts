import assert from 'node:assert/strict';
import type { ClockCommand } from '../../clock-command.js';
import { applyClocks } from '../../terms/apply-clocks.js';
import { runningInstants, type Deadline } from '../../terms/deadline.js';
import { dueEvents, nextDueEventAt, withTold } from '../../terms/due-events.js';
import { noHolidays } from '../../terms/holiday-source.js';
import { sampleProfile } from '../../terms/spec-support/sample-profile.js';
import { WorkingCalendar } from '../../terms/working-calendar.js';
import type { CaseRecord } from '../record.js';
import { Walk } from './walk.js';

const PROFILE = sampleProfile();
const CALENDAR = new WorkingCalendar(PROFILE.calendar, noHolidays);

/** A case whose clocks are the real ones, of the sample profile: five working days each. */
export class TimedWalk extends Walk {
  deadlines: readonly Deadline[] = [];

  /** When to look next, by the clocks alone. */
  get nextAt(): number | undefined {
    return nextDueEventAt(this.deadlines, this.atMs);
  }

  /** Tells what there is to tell now, as feedback does. Each must be taken. */
  look(): string[] {
    const events = dueEvents(this.deadlines, this.atMs);
    for (const due of events) {
      this.go('tick', { clock: due.clock, step: due.event });
      this.deadlines = withTold(this.deadlines, [due]);
    }
    return events.map(({ clock, event }) => `${clock} ${event}`);
  }

  /** Looks whenever there is something to tell, for so long; each time there must be. */
  watch(ms: number): string[] {
    const until = this.atMs + ms;
    const told: string[] = [];
    for (let at = this.nextAt; at !== undefined && at <= until; at = this.nextAt) {
      this.atMs = at;
      const news = this.look();
      assert.ok(news.length > 0, 'woken for nothing');
      told.push(...news);
    }
    this.atMs = until;
    return told;
  }

  protected override dueAfter(_before: CaseRecord['due'], commands: readonly ClockCommand[]): CaseRecord['due'] {
    this.deadlines = applyClocks(this.deadlines, commands, PROFILE, CALENDAR, this.atMs);
    return runningInstants(this.deadlines);
  }
}
