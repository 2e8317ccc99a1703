import { z } from 'zod';
import { isTimeZone } from '#kernel';
import { CLOCKS, type ClockKind } from '../clock-command.js';

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const citation = z
  .string()
  .min(3)
  .max(500)
  .describe('Where the number stands: law, article, or "Kerege default" where no law gives one');
const confidence = z
  .enum(['primary', 'secondary', 'unconfirmed', 'default'])
  .describe(
    'primary: read in the law itself; secondary: read about it; unconfirmed: to be checked by a lawyer before use; default: no law says it',
  );
const amount = z.number().int().min(1).max(366);

export const UNITS = ['wd', 'days', 'weeks', 'months', 'hours'] as const;
const unit = z.enum(UNITS).describe('wd: working days of the calendar; days, weeks, months: of the year; hours: exact');

const rule = { citation, confidence };
const term = z.strictObject({
  amount,
  unit,
  ...rule,
  pause: z.strictObject(rule).optional().describe('Present if the clock stands while the citizen is asked'),
  extension: z
    .strictObject({ amount, ...rule })
    .optional()
    .describe("By how much it may be extended, once, in the term's own unit"),
  refusal: z
    .strictObject({ amount, ...rule })
    .optional()
    .describe("A shorter term for saying no, in the term's own unit"),
});
export type TermRule = Readonly<z.infer<typeof term>>;

const name = z.string().min(1).max(200);
const onWeekend = z
  .enum(['next-working-day', 'lost'])
  .describe('What becomes of a holiday that falls on the weekend: the next working day is off for it, or nothing is');
const date = z.iso.date({ message: 'is no date of the calendar, YYYY-MM-DD' });
const monthAndDay = z
  .string()
  .regex(/^\d{2}-\d{2}$/, 'is a day of every year, "MM-DD"')
  .refine((text) => z.iso.date().safeParse(`2001-${text}`).success, { message: 'is no day of every year' });
const holiday = { name, onWeekend: onWeekend.optional() };
const datedHoliday = z.strictObject({ date, ...holiday });

const year = z.strictObject({
  source: z.string().min(3).max(500).describe('The decree or announcement that these days are from'),
  confidence,
  off: z.array(datedHoliday).max(100).default([]).describe('Days off in this year only: moving feasts, moved days'),
  working: z.array(z.strictObject({ date, name })).max(100).default([]).describe('Weekend days and holidays worked'),
});

const calendar = z.strictObject({
  timeZone: z
    .string()
    .refine(isTimeZone, { message: 'is no time zone of the IANA database' })
    .describe('IANA name, e.g. "Asia/Baku"; a day ends at midnight there'),
  weekend: z.array(z.enum(WEEKDAYS)).max(3),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'is an ISO 3166-1 code of two letters')
    .optional()
    .describe('Take the public holidays of this country from the holiday library; see docs/operations/terms.md'),
  holidayOnWeekend: onWeekend,
  yearly: z
    .array(z.strictObject({ day: monthAndDay, ...holiday }))
    .max(60)
    .default([]),
  years: z.record(z.string().regex(/^\d{4}$/, 'is a year'), year).default({}),
});
export type CalendarRules = Readonly<z.infer<typeof calendar>>;
export type Holiday = Readonly<z.infer<typeof datedHoliday>>;

/** A file of `deploy/terms/`: the terms of one law, everything written out, so that it is read alone. */
export const termsProfile = z.strictObject({
  profile: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is the name of the file'),
  title: z.string().min(3).max(200),
  calendar,
  dispute: z
    .strictObject({
      option: z.enum(['NONE', 'FLAG', 'BLOCK']),
      exemptPurposes: z.array(z.string().min(1).max(100)).max(100).default([]).describe('Go on under BLOCK'),
      ...rule,
    })
    .describe('What holds for the element while it is in dispute'),
  warnings: z.strictObject({
    nearWorkingDays: z.number().int().min(1).max(30).describe('Remind this long before a term ends'),
    escalateWorkingDays: z.number().int().min(1).max(30).describe('Tell the supervisor this long after it was missed'),
  }),
  terms: z.strictObject(Object.fromEntries(CLOCKS.map((clock) => [clock, term])) as Record<ClockKind, typeof term>),
});
export type TermsProfile = Readonly<z.infer<typeof termsProfile>>;
