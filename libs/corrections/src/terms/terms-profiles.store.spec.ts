import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#kernel';
import { readTermsProfiles } from './terms-profiles.store.js';

const SHIPPED = join(import.meta.dirname, '../../../../deploy/terms');
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'terms-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function refusal(): Promise<AppError> {
  const error: unknown = await readTermsProfiles(directory).catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}
async function shippedWith(name: string, find: string, put: string, as = name): Promise<void> {
  const text = await readFile(join(SHIPPED, name), 'utf8');
  await writeFile(join(directory, as), text.replace(find, put));
}

describe('the directory of terms', () => {
  it('holds every profile that is shipped, under its name', async () => {
    const files = (await readdir(SHIPPED)).map((file) => file.replace('.yaml', '')).sort();
    expect([...(await readTermsProfiles(SHIPPED)).keys()].sort()).toEqual(files);
    expect(files).toEqual(expect.arrayContaining(['default', 'eu', 'az', 'az-appeals', 'kz', 'kg', 'ru', 'nl']));
  });

  it('may hold other files', async () => {
    await copyFile(join(SHIPPED, 'default.yaml'), join(directory, 'default.yaml'));
    await writeFile(join(directory, 'README.md'), 'hello');
    expect([...(await readTermsProfiles(directory)).keys()]).toEqual(['default']);
  });

  it('is refused without profiles', async () => {
    expect((await refusal()).code).toBe('terms-profile-missing');
    await expect(readTermsProfiles(join(directory, 'nowhere'))).rejects.toMatchObject({
      code: 'terms-profile-missing',
    });
  });

  it('is refused with every problem of every file', async () => {
    await shippedWith('az.yaml', 'timeZone: Asia/Baku', 'timeZone: Baku');
    await shippedWith('kg.yaml', 'unit: weeks', 'unit: week');
    await shippedWith('kz.yaml', 'profile: kz', 'profile: kk');
    await shippedWith('nl.yaml', 'country: NL', 'country: XX');
    const error = await refusal();
    expect(error.code).toBe('terms-profile-invalid');
    expect(error.extensions['problems']).toEqual([
      expect.objectContaining({ file: 'az.yaml', path: 'calendar.timeZone', code: 'profile-invalid' }),
      expect.objectContaining({ file: 'kg.yaml', path: 'terms.decide.unit', code: 'profile-invalid' }),
      expect.objectContaining({ file: 'kz.yaml', path: 'profile', code: 'profile-contradiction' }),
      expect.objectContaining({ file: 'nl.yaml', path: 'calendar.country', code: 'profile-contradiction' }),
    ]);
  });
});

it('reads those that were asked for alone, and misses one that is not there', async () => {
  expect([...(await readTermsProfiles('deploy/terms', ['az', 'default', 'az'])).keys()]).toEqual(['az', 'default']);
  await expect(readTermsProfiles('deploy/terms', ['default', 'mars'])).rejects.toMatchObject({
    code: 'terms-profile-missing',
  });
});
