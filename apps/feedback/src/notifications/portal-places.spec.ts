import { describe, expect, it } from '@jest/globals';
import { linkTo, parsePortalPlaces } from './portal-places.js';

describe('places of portals', () => {
  it('are known by the portal, and a case by its number behind them', () => {
    const places = parsePortalPlaces(['A/GOV/1/p=https://portal.example/cases#', 'A/GOV/2/q=http://127.0.0.1:8145/c/']);
    if (!places.ok) throw new TypeError(places.reason);
    expect(linkTo(places.value, 'A/GOV/1/p', 'DE-2026-000001-1')).toBe('https://portal.example/cases#DE-2026-000001-1');
    expect(linkTo(places.value, 'A/GOV/3/r', 'DE-2026-000001-1')).toBeUndefined();
  });

  it.each([
    'A/GOV/1/p',
    'A/GOV/1/p=portal.example',
    'A/GOV/1/p=http://portal.example/',
    'A/GOV/1/p=ftp://127.0.0.1/',
    'A/GOV/1/p=https://user:secret@portal.example/',
  ])('are refused: %s', (entry) => {
    expect(parsePortalPlaces([entry])).toEqual({ ok: false, reason: entry });
  });

  it('are refused twice for one portal', () => {
    expect(parsePortalPlaces(['a=https://b.example/', 'a=https://c.example/']).ok).toBe(false);
  });
});
