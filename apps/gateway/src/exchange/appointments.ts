/** Nobody is sent away for longer: whoever finds no place has one again in half a minute, or the gateway is too small. */
export const LONGEST_WAIT_S = 30;

/** Per second from now on, how many were told to come then; `fromS` is the first of them. */
interface Book {
  fromS: number;
  readonly counts: number[];
}

/**
 * When those who found no place come again. Were all told "in a second", a crowd ten times as large as the gateway would
 * cost it more to refuse than its exchanges do to carry out; so only as many are told the same second as can be refused
 * beside the work: **half as many per second as there are places**, shared equally among the consumers that wait. Who is
 * alone is told one second, and a consumer that sends a crowd makes that crowd wait, not others.
 *
 * Nothing is reserved: who comes earlier is looked at all the same. Books exist while somebody is expected.
 */
export class Appointments {
  /** By consumer; written by `next`, swept when it finds others over. Bounded by the consumers that are served. */
  private readonly books = new Map<string, Book>();
  private readonly perSecond: number;

  constructor(places: number) {
    this.perSecond = Math.max(1, places / 2);
  }

  /** Seconds until a caller of this consumer should come again: 1 to `LONGEST_WAIT_S`. */
  next(consumer: string, nowMs: number): number {
    const nowS = Math.floor(nowMs / 1_000);
    const book = this.bookOf(consumer, nowS);
    const share = Math.max(1, Math.floor(this.perSecond / this.books.size));
    const free = book.counts.findIndex((count) => count < share);
    // All are full: the emptiest, so that a crowd without end is spread evenly.
    const chosen = free >= 0 ? free : book.counts.indexOf(Math.min(...book.counts));
    book.counts[chosen] = (book.counts[chosen] ?? 0) + 1;
    return chosen + 1;
  }

  private bookOf(consumer: string, nowS: number): Book {
    for (const [name, book] of this.books) {
      turn(book, nowS);
      if (name !== consumer && book.counts.every((count) => count === 0)) this.books.delete(name);
    }
    const known = this.books.get(consumer);
    if (known !== undefined) return known;
    const fresh = { fromS: nowS, counts: new Array<number>(LONGEST_WAIT_S).fill(0) };
    this.books.set(consumer, fresh);
    return fresh;
  }
}

/** Leaves the seconds that are over. A clock that steps back changes nothing: the book goes on from where it was. */
function turn(book: Book, nowS: number): void {
  const over = Math.min(nowS - book.fromS, LONGEST_WAIT_S);
  if (over <= 0) return;
  book.counts.splice(0, over);
  book.counts.push(...new Array<number>(over).fill(0));
  book.fromS = nowS;
}
