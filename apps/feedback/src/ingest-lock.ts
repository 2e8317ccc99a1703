/**
 * Advisory lock of whoever takes in leaves or openings. Either looks for what the other has brought; without it two that
 * commit at once would each miss the other. The numbers mean nothing.
 */
export const INGEST_LOCK = 0x6b666201;
/** Held shared by whoever writes rows under a person's keys, alone by whoever destroys those. */
export const ERASURE_LOCK = 0x6b666202;
/** With the number of a lane: held by whoever turns its openings into rows. */
export const MATCH_LOCK = 0x6b666203;
/** Held by whoever gives numbers to transitions of cases: below a number that was seen none comes later. */
export const STEP_ORDER_LOCK = 0x6b666204;
