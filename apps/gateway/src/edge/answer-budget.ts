import { Capacity } from '#kernel';

/** The parts of a response that tell whether somebody still takes it. */
export interface OpenResponse {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Bytes of answers that were written and that their clients have not taken. The exchange has given its place back by
 * then, so they are counted here, until the response is closed: memory stays bounded when nobody reads. As with request
 * bodies, no consumer may hold more than it leaves free.
 */
export class AnswerBudget {
  private readonly bytes: Capacity;

  constructor(maxBytes: number) {
    this.bytes = new Capacity(maxBytes);
  }

  get size(): number {
    return this.bytes.size;
  }

  /** False while this consumer leaves so much unread that no answer would find room: it is not to ask for more. */
  hasRoom(consumer: string): boolean {
    return this.bytes.hasRoom({ consumer });
  }

  /** Holds the bytes of an answer until its response is closed; false if there is no room for it. */
  hold(consumer: string, amount: number, response: OpenResponse): boolean {
    // Its client has gone: nothing will be kept, and `close` does not come again.
    if (response.destroyed) return true;
    const giveBack = this.bytes.take({ consumer, amount });
    if (giveBack === undefined) return false;
    response.once('close', giveBack);
    return true;
  }
}
