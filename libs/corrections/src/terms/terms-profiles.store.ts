import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noHolidays, type HolidaySource } from './holiday-source.js';
import { loadLibraryHolidays } from './library-holidays.js';
import { parseTermsProfile, type ProfileProblem } from './parse-profile.js';
import type { TermsProfile } from './profile-schema.js';
import { termsErrors } from './terms.errors.js';
import { WorkingCalendar } from './working-calendar.js';

/** A law's terms and the calendar that they are counted in. */
export interface Terms {
  readonly profile: TermsProfile;
  readonly calendar: WorkingCalendar;
}

const MAX_FILES = 200;
const ANY_YEAR = 2027;

/**
 * The profiles of a directory (`<profile>.yaml`), by name; read whole at start, so that a wrong file is found then and
 * not when its first term begins. Throws `terms-profile-invalid` with every problem of every file, and
 * `terms-profile-missing` for a directory without profiles. `only`: these and no others, all of which have to be there.
 */
export async function readTermsProfiles(
  directory: string,
  only?: readonly string[],
): Promise<ReadonlyMap<string, Terms>> {
  const there = (await namesIn(directory)).filter((name) => name.endsWith('.yaml')).sort();
  const wanted = only === undefined ? there : [...new Set(only)].map((name) => `${name}.yaml`);
  const files = wanted.filter((name) => there.includes(name));
  if (files.length < wanted.length || files.length === 0 || files.length > MAX_FILES)
    throw termsErrors.error('terms-profile-missing', { details: { directory, files: files.length } });
  const profiles: TermsProfile[] = [];
  const problems: (ProfileProblem & { file: string })[] = [];
  for (const file of files) {
    const parsed = parseTermsProfile(await readFile(join(directory, file), 'utf8'));
    if (!parsed.ok) problems.push(...parsed.reason.map((problem) => ({ file, ...problem })));
    else if (`${parsed.value.profile}.yaml` !== file)
      problems.push({ file, ...atTop('profile', `is "${parsed.value.profile}", and the file is not named after it`) });
    else profiles.push(parsed.value);
  }
  const holidays = await holidaysFor(profiles);
  for (const { profile, calendar } of profiles)
    if (calendar.country !== undefined && holidays(calendar.country, ANY_YEAR) === undefined)
      problems.push({
        file: `${profile}.yaml`,
        ...atTop('calendar.country', `"${calendar.country}" is unknown to the holiday library; list the days instead`),
      });
  if (problems.length > 0) throw termsErrors.error('terms-profile-invalid', { extensions: { problems } });
  return new Map(
    profiles.map((profile) => [
      profile.profile,
      { profile, calendar: new WorkingCalendar(profile.calendar, holidays) },
    ]),
  );
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw termsErrors.error('terms-profile-missing', { details: { directory }, cause });
  }
}

function holidaysFor(profiles: readonly TermsProfile[]): Promise<HolidaySource> | HolidaySource {
  return profiles.some(({ calendar }) => calendar.country !== undefined) ? loadLibraryHolidays() : noHolidays;
}

function atTop(path: string, message: string): ProfileProblem {
  return { code: 'profile-contradiction', line: 1, column: 1, path, message };
}
