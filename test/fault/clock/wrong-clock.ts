import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const HOUR_MS = 60 * 60_000;
/** How long a running process may take to see that its clock was set. */
export const SEEN_MS = 100;

/**
 * Runs before everything else in a process: all that it and its libraries know of the time is this far off. What only
 * measures (`performance.now()`, timers) goes on, as on a machine whose clock is set.
 */
const SHIFT = (offsetFile: string) => `
import { readFileSync } from 'node:fs';
const read = () => Number(readFileSync(${JSON.stringify(offsetFile)}, 'utf8'));
let aheadMs = read();
setInterval(() => { aheadMs = read(); }, ${SEEN_MS / 2}).unref();
const Right = Date;
globalThis.Date = class extends Right {
  constructor(...parts) {
    if (parts.length === 0) super(Right.now() + aheadMs);
    else super(...parts);
  }
  static now() {
    return Right.now() + aheadMs;
  }
};
`;

/** The clock of one built process, which is right until it is set otherwise; a process that runs sees it jump. */
export class WrongClock {
  private readonly offsetFile: string;
  private readonly module: string;

  constructor(directory: string, name: string) {
    this.offsetFile = join(directory, `${name}.offset`);
    this.module = join(directory, `${name}-clock.mjs`);
    writeFileSync(this.module, SHIFT(this.offsetFile));
    this.setAhead(0);
  }

  /** Settings with which the process has to be started. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import ${pathToFileURL(this.module).href}` };
  }

  /** Whole at once: the process may read at any moment. */
  setAhead(ms: number): void {
    writeFileSync(`${this.offsetFile}.next`, String(ms));
    renameSync(`${this.offsetFile}.next`, this.offsetFile);
  }
}
