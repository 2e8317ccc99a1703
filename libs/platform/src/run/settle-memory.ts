import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After the start, when its garbage is left; soon again, because not everybody is ready by then; and from then on. */
const PAUSES_MS = [30_000, 60_000] as const;
const EVERY_MS = 300_000;
/** Of one core since the last look: who takes more has work, and V8 looks after its memory. */
const IDLE_SHARE = 0.1;

/**
 * Gives back what starting took and nothing uses any more, and what has gathered since while there was nothing to do. V8
 * would keep it: an idle process makes too little garbage to have it look. Takes a tenth of a second each time.
 */
export function settleMemory(): void {
  let last = { atMs: performance.now(), cpu: process.cpuUsage() };
  const settle = (turn: number) => {
    const pauseMs = PAUSES_MS[turn] ?? EVERY_MS;
    setTimeout(() => {
      const used = process.cpuUsage(last.cpu);
      const share = (used.user + used.system) / 1_000 / (performance.now() - last.atMs);
      // The first time it is the start that took it.
      if (turn === 0 || share < IDLE_SHARE) collect();
      last = { atMs: performance.now(), cpu: process.cpuUsage() };
      settle(turn + 1);
    }, pauseMs).unref();
  };
  settle(0);
}

function collect(): void {
  // The flag counts for contexts that are made after it, so nothing else ever sees the function.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
