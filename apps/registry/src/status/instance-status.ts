import { z } from 'zod';
import { ok, refuse, type Result } from '#kernel';

/** A process that is asked for its status: its identifier in the registry, and where it listens. */
export interface Peer {
  readonly id: string;
  readonly url: URL;
}

/** `INSTANCE/id=URL` of each. */
export function parsePeers(entries: readonly string[]): Result<Peer[], string> {
  const peers: Peer[] = [];
  for (const entry of entries) {
    const at = entry.indexOf('=');
    const text = entry.slice(at + 1);
    if (at < 1 || !URL.canParse(text)) return refuse(`"${entry}" is not INSTANCE/id=URL`);
    peers.push({ id: entry.slice(0, at), url: new URL(text) });
  }
  return ok(peers);
}

const state = z.enum(['ok', 'degraded', 'down']);

/** What `GET /status` of a process answers, as far as it is passed on. */
export const peerAnswer = z.object({
  app: z.string(),
  state,
  parts: z
    .array(
      z.object({
        part: z.string(),
        state,
        since: z.string(),
        reason: z.string().optional(),
        details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      }),
    )
    .readonly(),
});
export type PeerAnswer = Readonly<z.infer<typeof peerAnswer>>;
type Part = PeerAnswer['parts'][number];

/** One process of the instance. */
export interface ProcessStatus {
  readonly id: string;
  readonly app: string;
  readonly state: z.infer<typeof state>;
  readonly since: string;
  readonly reason?: string | undefined;
  readonly parts: readonly Part[];
}

/** Something that is not as it should be, wherever it is. */
export interface Trouble {
  readonly process: string;
  /** Absent: the process itself. */
  readonly part?: string;
  readonly state: 'degraded' | 'down';
  readonly since: string;
  readonly reason?: string | undefined;
}

export interface InstanceStatus {
  readonly state: 'ok' | 'degraded';
  readonly at: string;
  /** Oldest first: what is wrong, and since when. */
  readonly troubles: readonly Trouble[];
  readonly processes: readonly ProcessStatus[];
}

/** The whole from its processes. A process that does not answer is one trouble, whatever its parts were. */
export function instanceStatus(processes: readonly ProcessStatus[], nowMs: number): InstanceStatus {
  const troubles = processes.flatMap(troublesOf).sort((one, other) => one.since.localeCompare(other.since));
  return {
    state: troubles.length === 0 ? 'ok' : 'degraded',
    at: new Date(nowMs).toISOString(),
    troubles,
    processes,
  };
}

function troublesOf({ id, state: own, since, reason, parts }: ProcessStatus): Trouble[] {
  if (own === 'down') return [{ process: id, state: own, since, reason }];
  return parts.flatMap((part) =>
    part.state === 'ok'
      ? []
      : [{ process: id, part: part.part, state: part.state, since: part.since, reason: part.reason }],
  );
}
