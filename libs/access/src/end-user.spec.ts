import fc from 'fast-check';
import { decideEndUser, type ActingPerson } from './end-user.js';
import type { Subject } from './subject.js';
import type { EndUserRule } from './view.js';

const subject = (code: string): Subject => ({ country: 'DEMO', type: 'PIN', code });
const ME = subject('TEST000007');
const CHILD = subject('TEST000013');
const STRANGER = subject('TEST000001');
const citizen: ActingPerson = { kind: 'citizen', user: ME, represents: [CHILD] };
const official: ActingPerson = {
  kind: 'official',
  user: { country: 'DEMO', type: 'OFFICIAL', code: 'OFF000001' },
  represents: [],
};

describe('decideEndUser', () => {
  it.each<[string, EndUserRule[], ActingPerson | undefined, Subject | 'in-answer' | undefined, string]>([
    ['nobody, and nobody is asked for', [], undefined, STRANGER, 'yes'],
    ['nobody where anybody is asked for', ['any'], undefined, ME, 'end-user-required'],
    ['a citizen about themselves', ['subject'], citizen, ME, 'yes'],
    ['a citizen about whom they represent', ['subject'], citizen, CHILD, 'yes'],
    ['a citizen about somebody else', ['subject'], citizen, STRANGER, 'end-user-mismatch'],
    ['a citizen about somebody else, though no agreement asks', [], citizen, STRANGER, 'end-user-mismatch'],
    ['a citizen about the same code of another type', [], citizen, { ...ME, type: 'OFFICIAL' }, 'end-user-mismatch'],
    ['a citizen where only the answer will tell', ['subject'], citizen, 'in-answer', 'yes'],
    ['a citizen about nobody', ['any'], citizen, undefined, 'yes'],
    ['a citizen where an official is asked for', ['official'], citizen, ME, 'end-user-required'],
    ['an official about anybody', ['official'], official, STRANGER, 'yes'],
    ['an official where the subject is asked for', ['subject'], official, STRANGER, 'end-user-required'],
    ['an official where two agreements disagree', ['official', 'subject'], official, ME, 'end-user-required'],
  ])('%s', (_what, rules, person, about, expected) => {
    const decided = decideEndUser(rules, person, about, false);
    expect(decided.ok ? 'yes' : decided.reason).toBe(expected);
  });

  it('lets no citizen do what cannot be undone where only the answer will tell to whom', () => {
    const may = (person: ActingPerson | undefined) => decideEndUser([], person, 'in-answer', true).ok;
    expect([may(citizen), may(official), may(undefined)]).toEqual([false, true, true]);
    expect(decideEndUser(['subject'], citizen, 'in-answer', true)).toEqual({ ok: false, reason: 'end-user-mismatch' });
    expect(decideEndUser([], citizen, ME, true).ok).toBe(true);
  });

  it('never lets a citizen at a person who is neither them nor represented by them', () => {
    const rules = fc.array(fc.constantFrom<EndUserRule>('subject', 'official', 'any'), { maxLength: 3 });
    const code = fc.integer({ min: 0, max: 5 }).map((number) => subject(`TEST00000${number}`));
    fc.assert(
      fc.property(
        rules,
        code,
        fc.array(code, { maxLength: 3 }),
        code,
        fc.boolean(),
        (asked, user, represents, about, unsafe) => {
          const isTheirs = [user, ...represents].some((own) => own.code === about.code);
          const decided = decideEndUser(asked, { kind: 'citizen', user, represents }, about, unsafe);
          expect(decided.ok).toBe(isTheirs && !asked.includes('official'));
        },
      ),
    );
  });
});
