import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceId, SubsystemId } from '#kernel';
import { buildWorld, type World } from '#testing';
import { chooseLanguage, Titles } from './titles.js';

describe('Titles', () => {
  let world: World;
  beforeAll(async () => {
    world = await buildWorld();
  });

  it('names the organisation and what it asked for, in English where there is no other text', () => {
    const titles = new Titles(world.view, 'az');
    expect(titles.subsystem('TEST/GOV/1000/mygov' as SubsystemId)).toEqual({
      id: 'TEST/GOV/1000/mygov',
      name: 'Portal',
    });
    expect(titles.purpose('citizen-view')).toEqual({ code: 'citizen-view', title: 'View' });
    expect(titles.legalBasis('LB-1')).toEqual({ code: 'LB-1', title: 'Law', reference: 'Law 1' });
  });

  it('shows codes of what the registry does not know, and without any snapshot', () => {
    const gone = 'TEST/GOV/1/gone' as SubsystemId;
    expect(new Titles(world.view, 'en').subsystem(gone)).toEqual({ id: gone });
    expect(new Titles(undefined, 'en').service(`${gone}/x` as ServiceId)).toEqual({ id: `${gone}/x` });
    expect(new Titles(undefined, 'en').legalBasis('LB-9')).toEqual({ code: 'LB-9' });
  });
});

describe('chooseLanguage', () => {
  it.each([
    ['az', 'ru', 'az'],
    [undefined, 'de, ky;q=0.5, kk;q=0.9', 'kk'],
    [undefined, 'ru-RU', 'ru'],
    ['xx', 'fr', 'en'],
    [undefined, undefined, 'en'],
    [undefined, 'az;q=0, ru;q=0.1', 'ru'],
    [undefined, ';;;,=,'.repeat(50), 'en'],
  ])('of %s and %s: %s', (lang, accepted, expected) => {
    expect(chooseLanguage(lang, accepted)).toBe(expected);
  });
});
