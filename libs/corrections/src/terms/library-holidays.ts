import type { HolidaySource } from './holiday-source.js';

const DAY_MS = 86_400_000;

/**
 * Holidays by `date-holidays`: the days that it calls `public`, substitutes included. It is loaded here and not by
 * import, because it costs every process that only reads a case a second of its start and 40 MB.
 *
 * NOTE: it is right for a country only as far as somebody has looked: in 3.37.0 Novruz in Azerbaijan is one day of five
 * and a Nauryz on a Sunday moves onto Nauryz. A profile that names a country vouches for it; else it lists its days.
 */
export async function loadLibraryHolidays(): Promise<HolidaySource> {
  const { default: Holidays } = await import('date-holidays');
  const known = new Set(Object.keys(new Holidays().getCountries()));
  return (country, year) => {
    if (!known.has(country)) return undefined;
    const days = new Set<string>();
    for (const holiday of new Holidays(country).getHolidays(year)) {
      if (holiday.type !== 'public') continue;
      // A holiday of several days is one entry; its first day is local, the length does not depend on the zone.
      const first = Date.parse(`${holiday.date.slice(0, 10)}T00:00:00Z`);
      const length = Math.max(1, Math.round((holiday.end.getTime() - holiday.start.getTime()) / DAY_MS));
      for (let day = 0; day < length; day += 1) days.add(new Date(first + day * DAY_MS).toISOString().slice(0, 10));
    }
    return days;
  };
}
