/** The public holidays of a country (ISO 3166-1) in a year, `YYYY-MM-DD`; undefined for a country that it does not know. */
export type HolidaySource = (country: string, year: number) => ReadonlySet<string> | undefined;

/** For calendars that name no country. */
export const noHolidays: HolidaySource = () => undefined;
