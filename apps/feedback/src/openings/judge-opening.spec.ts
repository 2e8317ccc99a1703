import { commit, type CommitmentKind, type SubjectOpening } from '#signing';
import { judgeOpening as judge, type KnownCommitment } from './judge-opening.js';

const person = (code: string, type = 'PIN') => ({ country: 'DEMO', type, code });
const made = (kind: CommitmentKind, position: number, code: string, type?: string) => {
  const { commitment, opening } = commit(kind, person(code, type));
  return { known: { kind, position, value: commitment }, opening };
};
const proto = ({ r, country, type, code }: SubjectOpening) =>
  ({ $typeName: 'kerege.exchange.v1.Opening', r: new Uint8Array(r), country, type, code }) as const;
const content = (subjects: SubjectOpening[], users: SubjectOpening[] = []) => ({
  subjects: subjects.map(proto),
  users: users.map(proto),
});

const KINDS: Readonly<Record<string, 'citizen' | 'official'>> = { PIN: 'citizen', STAFF: 'official' };
const judgeOpening = (opening: Parameters<typeof judge>[0], commitments: readonly KnownCommitment[]) =>
  judge(opening, commitments, ({ type }) => KINDS[type]);

describe('what an opening opens', () => {
  const a = made('subject', 0, 'TEST1');
  const b = made('subject', 1, 'TEST2');
  const self = made('user', 0, 'TEST1');
  const official = made('user', 0, 'OFF1', 'STAFF');
  const stranger = made('user', 0, 'OFF1', 'OFFICIAL');

  it('is every commitment that it reproduces', () => {
    const judged = judgeOpening(content([a.opening, b.opening]), [a.known, b.known]);
    expect(judged.flaw).toBeUndefined();
    expect(judged.opened.map(({ commitment, endUser }) => [commitment.position, endUser])).toEqual([
      [0, 'none'],
      [1, 'none'],
    ]);
  });

  it('tells each person who acted, as far as it concerns them', () => {
    const relations = (user: typeof self) =>
      judgeOpening(content([a.opening, b.opening], [user.opening]), [a.known, b.known, user.known]).opened.map(
        ({ endUser }) => endUser,
      );
    expect(relations(self)).toEqual(['self', 'representative', 'self']);
    expect(relations(official)).toEqual(['official', 'official', 'self']);
    // What a type is called tells nothing: the registry does.
    expect(relations(stranger)).toEqual(['unknown', 'unknown', 'self']);
  });

  it('is what is good of it, where another part is false', () => {
    const judged = judgeOpening(content([a.opening, { ...b.opening, code: 'TEST3' }]), [a.known, b.known]);
    expect([judged.opened.map(({ commitment }) => commitment.position), judged.flaw]).toEqual([[0], 'opening-false']);
  });

  it('says nothing of an end user whom it does not open', () => {
    const judged = judgeOpening(content([a.opening]), [a.known, self.known]);
    expect([judged.opened.map(({ endUser }) => endUser), judged.flaw]).toEqual([['unknown'], 'opening-incomplete']);
  });

  it('is nothing where kinds, order or number are others', () => {
    expect(judgeOpening(content([b.opening, a.opening]), [a.known, b.known])).toEqual({
      opened: [],
      flaw: 'opening-false',
    });
    expect(judgeOpening(content([], [a.opening]), [a.known]).flaw).toBe('opening-false');
    expect(judgeOpening(content([]), [a.known]).flaw).toBe('opening-incomplete');
    expect(judgeOpening(content([a.opening, a.opening]), [a.known]).flaw).toBe('opening-false');
    expect(judgeOpening(content([{ ...a.opening, r: Buffer.alloc(31) }]), [a.known]).flaw).toBe('opening-false');
  });
});
