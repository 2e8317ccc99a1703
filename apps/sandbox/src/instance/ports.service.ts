import { isPortFree } from '#local';
import { sandboxErrors } from '../sandbox.errors.js';
import { PORT_SPAN, portsFrom, type PortName, type Ports } from './layout.js';

/** Refuses, with all of them named, if a port that is going to be listened on is taken. */
export async function checkPorts(ports: Ports, unused: readonly PortName[]): Promise<void> {
  const wanted = Object.entries(ports).filter(([name]) => !unused.some((other) => other === name));
  const checked = await Promise.all(
    wanted.map(async ([name, port]) => ({ name, port, isFree: await isPortFree(port) })),
  );
  const taken = checked.filter((entry) => !entry.isFree);
  if (taken.length > 0)
    throw sandboxErrors.error('sandbox-ports-taken', {
      extensions: { problems: taken.map(({ name, port }) => `port ${port} (${name})`) },
    });
}

const LOWEST = 20_000;
/** Below 32,768, where Linux takes the near ends of outgoing connections from: one of those may sit on a port any time. */
const HIGHEST = 32_000;

/** A base whose ports are all free now, for tests and benchmarks that run beside a sandbox. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const base = LOWEST + Math.floor((Math.random() * (HIGHEST - LOWEST)) / PORT_SPAN) * PORT_SPAN;
    const free = await Promise.all(Object.values(portsFrom(base)).map((port) => isPortFree(port)));
    if (free.every(Boolean)) return base;
  }
  throw sandboxErrors.error('sandbox-ports-taken');
}
