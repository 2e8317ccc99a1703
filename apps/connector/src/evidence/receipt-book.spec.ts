import { describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { ReceiptBook } from './receipt-book.js';
import { repeatUntil } from './stamp-courier.worker.js';

const place = () => ({ exchangeId: newExchangeId(), slot: 'c0', signer: 'DEMO/GOV/1/a' });

describe('the receipt book', () => {
  it('ends a wait only with a receipt for that very leaf, wherever it is said to stand', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    const verdicts = [book.wait(a, 'leaf', 1e4), book.wait(a, 'other', 1e4), book.wait(b, 'silence', 20)];
    // A genuine leaf under the label of another exchange: the label is not proven, the leaf is.
    expect(book.receipt(b, 'leaf')).toBe(1);
    expect(book.receipt(a, 'alien')).toBe(1);
    expect(book.receipt(a, 'other')).toBe(0);
    expect(await Promise.all(verdicts)).toEqual(['stands', 'stands', 'conflict']);
    expect(book.size).toBe(0);
  });

  it('takes refusals and conflicts for hints, which are the verdict only when time is up', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    const [won, lost] = [book.wait(a, 'won', 1e4), book.wait(b, 'lost', 20)];
    const settled: string[] = [];
    void won.then(() => settled.push('won'));
    for (const leaf of ['won', 'lost']) book.refusal(leaf);
    book.receipt({ ...a, slot: 'c0' }, 'alien');
    expect(await lost).toBe('refused');
    expect(settled).toEqual([]);
    book.receipt(a, 'won');
    expect(await won).toBe('stands');
  });

  it('remembers receipts and hints that came before their request', async () => {
    const book = new ReceiptBook();
    const [a, b] = [place(), place()];
    book.receipt(a, 'leaf');
    book.receipt(a, 'alien');
    book.refusal('bad');
    expect(await book.wait(a, 'leaf', 0)).toBe('stands');
    expect(await book.wait(a, 'other', 0)).toBe('conflict');
    expect(await book.wait(b, 'bad', 0)).toBe('refused');
    expect(await book.wait(b, 'leaf', 0)).toBe('stands');
    expect(await book.wait(b, 'silence', 0)).toBe('none');
  });

  it('ends all waits when it closes', async () => {
    const book = new ReceiptBook();
    const verdicts = [book.wait(place(), 'a', 1e4), book.wait(place(), 'b', 1e4)];
    book.close();
    expect(await Promise.all(verdicts)).toEqual(['none', 'none']);
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
