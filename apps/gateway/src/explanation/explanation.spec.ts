import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { buildWorld, type World } from '#testing';
import { explanationFor, type ExplanationQuestion } from './explanation.js';

const MYGOV = 'TEST/GOV/1000/mygov' as SubsystemId;
const PROVIDER = 'TEST/GOV/1001/population' as SubsystemId;
const OPERATOR = 'TEST/GOV/1009/operator' as SubsystemId;
const question = { service: `${PROVIDER}/persons`, endpoint: 'GET /{pin}' };
const AT = Date.parse('2026-11-27T12:00:00Z');

let world: World;
beforeAll(async () => {
  const hours = 'hours: { days: [1, 2, 3, 4, 5], from: "09:00", until: "18:00", timeZone: UTC }';
  const definition = (text: string) =>
    text.replace('until: 2099-12-31', `${hours}, context: [issue], until: 2099-12-31`);
  world = await buildWorld({ definition });
});

function ask(change: Partial<ExplanationQuestion> = {}, asker = MYGOV) {
  const explained = explanationFor(world.view, asker, { ...question, ...change }, AT);
  return explained.ok ? explained.value : explained.reason;
}

describe('explanationFor', () => {
  it('says what is missing, what to do, and which agreement it is', () => {
    expect(ask()).toMatchObject({
      verdict: 'context-missing',
      next: expect.stringContaining('headers'),
      purpose: 'citizen-view',
      agreements: [{ finding: 'context-missing', context: ['issue'], until: '2100-01-01T00:00:00Z' }],
    });
  });

  it('says that a call would pass', () => {
    expect(ask({ context: 'issue' })).toMatchObject({
      snapshot: world.view.number,
      verdict: 'allowed',
      purpose: 'citizen-view',
      agreements: [{ finding: 'allows' }],
    });
  });

  it.each<[Partial<ExplanationQuestion>, string, string[]]>([
    [{ at: '2026-11-28T12:00:00Z' }, 'outside-agreed-hours', ['outside-hours']],
    [{ at: '2100-06-01T12:00:00Z' }, 'agreement-ended', ['ended']],
    [{ endpoint: 'GET /nothing' }, 'endpoint-unknown', ['other-endpoints']],
    [{ purpose: 'other' }, 'purpose-not-agreed', ['other-purposes']],
    [{ service: `${PROVIDER}/nothing` }, 'unknown-service', []],
  ])('%j: %s', (change, verdict, findings) => {
    const explained = ask(change);
    expect(explained).toMatchObject({ verdict, agreements: findings.map((finding) => ({ finding })) });
  });

  it('is told to provider and operator about others, and to nobody else', () => {
    const about = { consumer: MYGOV, context: 'issue' };
    expect(ask(about, PROVIDER)).toMatchObject({ verdict: 'allowed' });
    expect(ask(about, OPERATOR)).toMatchObject({ verdict: 'allowed' });
    expect(ask({ consumer: OPERATOR })).toBe('explanation-refused');
    expect(ask({ consumer: 'nobody' })).toBe('explanation-refused');
    expect(ask({ service: 'nothing' })).toBe('explanation-refused');
  });
});
