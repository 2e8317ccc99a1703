import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { openNote, type Checkpoint, type NoteKey } from '#tlog';
import { sequencerErrors } from './sequencer.errors.js';

export interface ReadBackLimits {
  /** Records that are looked at together, from the end of the topic backwards. */
  readonly window: number;
  readonly maxWindows: number;
  readonly timeoutMs: number;
}

const LIMITS: ReadBackLimits = { window: 500, maxWindows: 20, timeoutMs: 10_000 };

/**
 * The newest checkpoint of this log on the topic; none if it holds none, several if different ones have its size. A database that is behind it has lost
 * stamps that somebody holds receipts for (`audit-log.md` §3.4), so this fails closed: other logs' notes and garbage are
 * passed over, and what cannot be read within bounds is a refusal, never "nothing was published".
 */
export async function newestPublished(
  bus: Bus,
  key: NoteKey,
  group: string,
  limits = LIMITS,
  predecessor?: NoteKey,
): Promise<Checkpoint[]> {
  // All of the bounds are looked through first: an old note of the predecessor may be sent again by anybody.
  let hasPredecessor = false;
  let to = await bus.endOffset(fixedTopics.checkpoints.name, 0);
  for (let turn = 0; turn < limits.maxWindows && to > 0n; turn += 1) {
    const from = to > BigInt(limits.window) ? to - BigInt(limits.window) : 0n;
    const notes = await readBack(bus, { from, to, group: `${group}.${turn}`, timeoutMs: limits.timeoutMs });
    // Reading started behind the whole window: retention has taken everything before it.
    if (notes.length === 0) return [];
    const ours = notes.flatMap((value) => {
      const note = openNote(value, [key]);
      return note.ok && note.value.origin === key.name ? [note.value] : [];
    });
    const size = Math.max(...ours.map((note) => note.size));
    if (ours.length > 0) return ours.filter((note) => note.size === size);
    hasPredecessor ||= predecessor !== undefined && notes.some((value) => openNote(value, [predecessor]).ok);
    to = from;
  }
  // A window that has just been opened, and of which nothing was published yet.
  if (to === 0n || hasPredecessor) return [];
  throw sequencerErrors.error('checkpoints-unread', { details: { reason: 'too much that is not ours' } });
}

interface Window {
  readonly from: bigint;
  readonly to: bigint;
  readonly group: string;
  readonly timeoutMs: number;
}

/** Values of the records in `[from, to)`; rejects if the end of the window was not reached in time. */
async function readBack(bus: Bus, { from, to, group, timeoutMs }: Window): Promise<Buffer[]> {
  const values: Buffer[] = [];
  const { promise: read, resolve, reject } = Promise.withResolvers<undefined>();
  read.catch(() => undefined);
  const subscription = await bus.subscribe({
    topics: [fixedTopics.checkpoints.name],
    group,
    startAt: { kind: 'stored', nextOffset: () => Promise.resolve(from) },
    maxInFlight: 500,
    onError: reject,
    each: (record) => {
      if (record.offset < to) values.push(record.value);
      if (record.offset >= to - 1n) resolve(undefined);
    },
  });
  const late = sequencerErrors.error('checkpoints-unread', { details: { reason: 'timed out' } });
  const timer = setTimeout(() => reject(late), timeoutMs);
  try {
    await read;
    return values;
  } finally {
    clearTimeout(timer);
    await subscription.stop();
  }
}
