import { Temporal } from 'temporal-polyfill';
import type { AgreedHours } from './view.js';

/** What is known of one agreement's hours until it changes: `isOpen` from `sinceMs` to before `untilMs`. */
interface Spell {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly isOpen: boolean;
}

/** Calendars are slow and an agreement opens twice a day: each is asked once a spell. Entries live as long as their snapshot. */
const spells = new WeakMap<AgreedHours, Spell>();

/** Whether `atMs` lies in the agreed hours. A day of 23 or 25 hours is as long as its clock says. */
export function isWithinHours(hours: AgreedHours, atMs: number): boolean {
  let spell = spells.get(hours);
  if (spell === undefined || atMs < spell.sinceMs || atMs >= spell.untilMs) {
    spell = spellAt(hours, atMs);
    spells.set(hours, spell);
  }
  return spell.isOpen;
}

/** The spell holds at least at `atMs`, at most the civil day that `atMs` lies in. */
function spellAt(hours: AgreedHours, atMs: number): Spell {
  const day = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(hours.timeZone).toPlainDate();
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(hours.timeZone).epochMilliseconds;
  const dayStart = startOf(day);
  const dayEnd = startOf(day.add({ days: 1 }));
  if (!hours.days.includes(day.dayOfWeek)) return { sinceMs: dayStart, untilMs: dayEnd, isOpen: false };
  const timeOf = (text: string) =>
    text === '24:00'
      ? dayEnd
      : day.toZonedDateTime({ timeZone: hours.timeZone, plainTime: Temporal.PlainTime.from(text) }).epochMilliseconds;
  const [opens, closes] = [timeOf(hours.from), timeOf(hours.until)];
  if (atMs < opens) return { sinceMs: dayStart, untilMs: opens, isOpen: false };
  return atMs < closes
    ? { sinceMs: opens, untilMs: closes, isOpen: true }
    : { sinceMs: closes, untilMs: dayEnd, isOpen: false };
}
