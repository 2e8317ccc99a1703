/** Where a command writes; tests pass their own. `out` is for what a script may want to read, `tell` for people. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly tell: (line: string) => void;
  /** Replaces the last line of a person's screen; absent where nobody watches. */
  readonly redraw?: ((line: string) => void) | undefined;
  /** Asks a person; absent where nobody sits. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  readonly paint: (colour: Colour, text: string) => string;
}

export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Tells one line per cause, particular and next step. */
export function tellError(terminal: Terminal, error: { headline: string; particulars: string[]; next: string }): void {
  terminal.tell(`${terminal.paint('red', '✗')} ${error.headline}`);
  for (const line of error.particulars) terminal.tell(`  ${line}`);
  terminal.tell(`  Next: ${error.next}`);
}
