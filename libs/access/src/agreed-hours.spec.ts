import fc from 'fast-check';
import { isWithinHours } from './agreed-hours.js';
import type { AgreedHours } from './view.js';

const office: AgreedHours = { days: [1, 2, 3, 4, 5], from: '09:00', until: '18:00', timeZone: 'Asia/Baku' };
const at = (instant: string, hours: AgreedHours = office) => isWithinHours({ ...hours }, Date.parse(instant));

describe('isWithinHours', () => {
  it.each<[string, boolean]>([
    ['2026-11-27T04:59:59.999Z', false],
    ['2026-11-27T05:00:00Z', true],
    ['2026-11-27T13:59:59.999Z', true],
    ['2026-11-27T14:00:00Z', false],
    // A Sunday in Baku, where it is Saturday evening in UTC.
    ['2026-11-28T21:00:00Z', false],
    // Monday morning in Baku, still Sunday in UTC.
    ['2026-11-29T20:30:00Z', false],
    ['2026-11-30T05:00:00Z', true],
  ])('%s: %s', (instant, isOpen) => {
    expect(at(instant)).toBe(isOpen);
  });

  it('goes to the end of the day', () => {
    const night: AgreedHours = { ...office, days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', until: '24:00' };
    fc.assert(
      fc.property(fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01') }), (date) => {
        expect(isWithinHours(night, date.getTime())).toBe(true);
      }),
    );
  });

  it('counts by the clock where a day has 23 or 25 hours', () => {
    const berlin: AgreedHours = { ...office, days: [7], from: '01:00', until: '04:00', timeZone: 'Europe/Berlin' };
    // 2026-03-29: two o'clock is three; 2026-10-25: three o'clock is two again.
    expect(at('2026-03-29T01:59:59Z', berlin)).toBe(true);
    expect(at('2026-03-29T02:00:00Z', berlin)).toBe(false);
    expect(at('2026-10-25T02:59:59Z', berlin)).toBe(true);
    expect(at('2026-10-25T03:00:00Z', berlin)).toBe(false);
  });

  it('remembers nothing wrong: in any order it answers as one who asks for the first time', () => {
    const kept: AgreedHours = { ...office, timeZone: 'Europe/Berlin', days: [1, 3, 6, 7] };
    const instants = fc.array(fc.integer({ min: Date.parse('2026-10-20'), max: Date.parse('2026-11-03') }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(instants, (asked) => {
        for (const atMs of asked) expect(isWithinHours(kept, atMs)).toBe(isWithinHours({ ...kept }, atMs));
      }),
    );
  });
});
