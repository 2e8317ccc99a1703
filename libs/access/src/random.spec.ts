import fc from 'fast-check';
import { decide } from './decide.js';
import { decideEndUser } from './end-user.js';
import { explain } from './explain.js';
import { mayAct, mayPass } from './spec-support/naive-reference.js';
import { randomActing, randomCall, randomFacts, randomQuestion, viewOf } from './spec-support/random-registry.js';
import { decideTerms } from './terms.js';

const RUNS = 10_000;

describe('access over random registries', () => {
  it('lets through exactly what a naive reading of the rules lets through, and some of either', () => {
    const seen = { allowed: 0, denied: 0 };
    fc.assert(
      fc.property(randomFacts, randomQuestion, randomCall, (facts, ask, call) => {
        const question = ask(facts);
        const permit = decide(viewOf(facts), question);
        const passes = permit.ok && decideTerms(permit.value, call).ok;
        expect(passes).toBe(mayPass(facts, question, call));
        seen[passes ? 'allowed' : 'denied'] += 1;
      }),
      { numRuns: RUNS },
    );
    expect(seen.allowed).toBeGreaterThan(RUNS / 50);
    expect(seen.denied).toBeGreaterThan(RUNS / 50);
  });

  it('lets act exactly whom a naive reading lets act, and asks for a link where it does', () => {
    const seen = { allowed: 0, denied: 0 };
    fc.assert(
      fc.property(randomFacts, randomQuestion, randomActing, (facts, ask, acting) => {
        const question = ask(facts);
        const permit = decide(viewOf(facts), question);
        if (!permit.ok) return;
        const { endUser, requiresLink, purpose } = permit.value;
        const acts = decideEndUser(endUser, acting.person, acting.subject, acting.isUnsafe).ok;
        const passes = acts && (acting.hasLink || !requiresLink);
        expect(passes).toBe(mayAct(facts, question, purpose, acting));
        seen[passes ? 'allowed' : 'denied'] += 1;
      }),
      { numRuns: RUNS / 2 },
    );
    expect(seen.allowed).toBeGreaterThan(RUNS / 200);
    expect(seen.denied).toBeGreaterThan(RUNS / 200);
  });

  it('explains what it decides: the same verdict, and an agreement that allows exactly where it is allowed', () => {
    fc.assert(
      fc.property(randomFacts, randomQuestion, randomCall, (facts, ask, call) => {
        const question = ask(facts);
        const view = viewOf(facts);
        const { verdict, agreements } = explain(view, question, call);
        const permit = decide(view, question);
        const terms = permit.ok ? decideTerms(permit.value, call) : permit;
        expect(verdict).toBe(terms.ok ? 'allowed' : terms.reason);
        const allowing = agreements.filter(({ finding }) => finding === 'allows').map(({ agreement }) => agreement);
        if (terms.ok) expect(allowing[0]).toBe(terms.value);
        else if (permit.ok) expect(allowing).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });
});
