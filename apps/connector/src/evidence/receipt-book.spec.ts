import { describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { ReceiptBook } from './receipt-book.js';
import { repeatUntil } from './stamp-courier.worker.js';

const place = () => ({ exchangeId: newExchangeId(), slot: 'c0', signer: 'DEMO/GOV/1/a' });

describe('the receipt book', () => {
  it('tells a waiter whether its own leaf or another stands', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    const verdicts = [book.wait(a, 'leaf', 1e4), book.wait(a, 'other', 1e4), book.wait(b, 'leaf', 20)];
    book.receipt(a, 'leaf');
    // Another slot, signer or exchange is another leaf's business.
    book.receipt({ ...b, slot: 'p1' }, 'leaf');
    book.receipt({ ...b, signer: 'DEMO/GOV/2/b' }, 'leaf');
    expect(await Promise.all(verdicts)).toEqual(['stands', 'conflict', 'none']);
    expect(book.size).toBe(0);
  });

  it('remembers receipts and refusals that came before their request', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    book.receipt(a, 'leaf');
    book.refusal('bad');
    expect(await book.wait(a, 'leaf', 0)).toBe('stands');
    expect(await book.wait(a, 'other', 0)).toBe('conflict');
    expect(await book.wait(b, 'bad', 1e4)).toBe('refused');
  });

  it('ends a wait when intake refuses the leaf, and all when it closes', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    const verdicts = [book.wait(a, 'bad', 1e4), book.wait(b, 'leaf', 1e4)];
    book.refusal('bad');
    book.close();
    expect(await Promise.all(verdicts)).toEqual(['refused', 'none']);
  });
});

describe('a stamp', () => {
  it('is repeated after 250 ms and then twice as late each time, also when sending fails, until it is settled', async () => {
    jest.useFakeTimers();
    try {
      const settled = Promise.withResolvers<boolean>();
      const sentAt: number[] = [];
      const start = Date.now();
      const failures: unknown[] = [];
      const send = () => {
        sentAt.push(Date.now() - start);
        return sentAt.length === 1 ? Promise.reject(new TypeError('lost')) : Promise.resolve();
      };
      const done = repeatUntil(settled.promise, send, (cause) => failures.push(cause));
      await jest.advanceTimersByTimeAsync(2_000);
      settled.resolve(true);
      await done;
      expect(sentAt).toEqual([250, 750, 1_750]);
      expect(failures).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });
});
