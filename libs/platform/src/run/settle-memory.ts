import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const AFTER_START_MS = 30_000;

/**
 * Gives back what starting took and nothing uses any more, some time after the start. V8 would keep it: an idle process
 * makes too little garbage to have it look. Takes a tenth of a second, once.
 */
export function settleMemory(): void {
  setTimeout(() => {
    // The flag counts for contexts that are made after it, so nothing else ever sees the function.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (options: object) => void;
    setFlagsFromString('--no-expose-gc');
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, AFTER_START_MS).unref();
}
