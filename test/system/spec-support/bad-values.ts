/** What may stand in a record instead of what belongs there. `null` is a tombstone. */
export type BadValue = readonly [what: string, value: Buffer | null];

/** No message, statement, note or snapshot of any kind; the last is as large as a client may send in one batch. */
export function badValues(genuine: Buffer): BadValue[] {
  return [
    ['a tombstone', null],
    ['nothing', Buffer.alloc(0)],
    ['alien bytes', Buffer.alloc(300, 0xff)],
    ['text', Buffer.from('{"v":1,"t":"exchange.requested"}')],
    ['half of a genuine one', genuine.subarray(0, Math.floor(genuine.length / 2))],
    ['all but its last byte', genuine.subarray(0, -1)],
    ['far too much', Buffer.alloc(900_000, 0xff)],
  ];
}

/** Headers that no reader expects, more than any has room for. */
export function tooManyHeaders(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`h${at}`, '']));
}
