import { TokenQueue, type SignerTrouble } from './token-queue.js';

describe('the queue of a token', () => {
  let rejected: [number, SignerTrouble][];
  let queue: TokenQueue<ReturnType<typeof job>>;
  const job = (n: number) => ({
    n,
    resolve: () => undefined,
    reject: (trouble: SignerTrouble) => void rejected.push([n, trouble]),
  });
  const given = () => queue.next().map(({ n }) => n);

  beforeEach(() => {
    rejected = [];
    queue = new TokenQueue(5, 2);
    for (const n of [1, 2, 3, 4, 5]) expect(queue.add(job(n))).toBe(true);
  });

  it('takes no more than it may hold, and gives no more than the window', () => {
    expect(queue.add(job(6))).toBe(false);
    expect([given(), given()]).toEqual([[1, 2], []]);
    expect(queue.take(1)?.n).toBe(1);
    expect(given()).toEqual([3]);
  });

  it('gives a slow token nothing more in the place of what it is still at', () => {
    given();
    expect([queue.giveUp(1)?.n, queue.giveUp(2)?.n]).toEqual([1, 2]);
    expect([given(), queue.size, queue.isAsked]).toEqual([[], 3, true]);
    // Its late answer is nobody's, and makes room for one.
    expect(queue.take(1)).toBeUndefined();
    expect(given()).toEqual([3]);
  });

  it('keeps no place for what was given up before the token had it', () => {
    expect(queue.giveUp(1)?.n).toBe(1);
    expect(queue.isAsked).toBe(false);
    expect(given()).toEqual([2, 3]);
  });

  it('begins anew with another life of the token', () => {
    given();
    queue.giveUp(1);
    queue.rejectAll('token-silent');
    expect(rejected).toEqual([2, 3, 4, 5].map((n) => [n, 'token-silent']));
    for (const n of [6, 7]) queue.add(job(n));
    expect(given()).toEqual([6, 7]);
  });
});
