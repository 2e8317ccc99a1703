/** How long a closed window is looked into: sequels may be a day old (`statements.md` §2), and clocks differ. */
export const LOOK_BACK_MS = 25 * 60 * 60_000;

/**
 * `open`: its sequencer appends. `closed`: it has its last leaf, and intake still looks into it for duplicates, taken
 * slots and sequels. `frozen`: nobody does any more, so that its leaves may leave the database.
 */
export type WindowState = 'open' | 'closed' | 'frozen';

export function stateOf(window: { readonly closedAtMs: number | undefined; readonly nowMs: number }): WindowState {
  if (window.closedAtMs === undefined) return 'open';
  return window.nowMs - window.closedAtMs < LOOK_BACK_MS ? 'closed' : 'frozen';
}
