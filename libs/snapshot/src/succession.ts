import type { SubsystemId } from '#kernel';
import type { InstanceDefinition } from './definition-schema.js';
import type { MemberDocument } from './member-document.js';
import type { Snapshot } from './snapshot.js';

export interface Succession {
  readonly former: SubsystemId;
  readonly successor: SubsystemId;
  readonly since: string;
}
export type GrantedSuccession = NonNullable<Snapshot['successions']>[number];

/** The successions of a definition with full identifiers and instants. */
export function spelledSuccessions({ instance, successions }: InstanceDefinition): Succession[] {
  return successions.map(({ former, successor, since }) => ({
    former: `${instance}/${former}` as SubsystemId,
    successor: `${instance}/${successor}` as SubsystemId,
    since: `${since}T00:00:00Z`,
  }));
}

/** Those of a snapshot, each with who has granted it; nothing where there are none. */
export function grantedSuccessions(
  definition: InstanceDefinition,
  documents: readonly MemberDocument[],
  standing: readonly GrantedSuccession[],
): { successions?: GrantedSuccession[] } {
  const signed = documents.flatMap(({ successions = [] }) => successions);
  const before = standing.filter(({ grantedBy }) => grantedBy === 'member');
  const successions = spelledSuccessions(definition).map((one): GrantedSuccession => {
    const isOwn = [...signed, ...before].some((other) => isSame(one, other));
    return { ...one, grantedBy: isOwn ? 'member' : 'operators' };
  });
  return successions.length === 0 ? {} : { successions };
}

export interface BrokenSuccession {
  readonly code: 'succession-forgotten' | 'succession-rewritten';
  readonly at: SubsystemId;
  readonly message: string;
}

/**
 * Successions that stand and that a definition would take back: after the first day old identifiers resolve by them for
 * good, and what a member has granted nobody else may grant otherwise once it has left.
 */
export function brokenSuccessions(
  definition: InstanceDefinition,
  standing: readonly GrantedSuccession[],
  nowMs: number,
): BrokenSuccession[] {
  const wanted = new Map(spelledSuccessions(definition).map((one) => [one.former, one]));
  const members = new Set(definition.members.map(({ id }) => `${definition.instance}/${id}`));
  return standing.flatMap((one): BrokenSuccession[] => {
    const { former: at, successor, since, grantedBy } = one;
    const isInForce = Date.parse(since) <= nowMs;
    const isBinding = isInForce || (grantedBy === 'member' && ![...members].some((id) => at.startsWith(`${id}/`)));
    const now = wanted.get(at);
    if (!isBinding || (now !== undefined && isSame(now, one))) return [];
    const said = `its succession by ${successor} since ${since} stands`;
    return now === undefined
      ? [{ code: 'succession-forgotten', at, message: `${said}, and old identifiers resolve by it` }]
      : [{ code: 'succession-rewritten', at, message: `${said}; let ${now.successor} succeed ${successor}` }];
  });
}

/** Who stands in a subsystem's place at that time: itself, its successor, or that one's. Circles were refused. */
export class Successors {
  private readonly of: ReadonlyMap<SubsystemId, { readonly successor: SubsystemId; readonly sinceMs: number }>;

  constructor(granted: readonly Succession[] = []) {
    this.of = new Map(
      granted.map(({ former, successor, since }) => [former, { successor, sinceMs: Date.parse(since) }]),
    );
  }

  resolve(id: SubsystemId, atMs: number): SubsystemId {
    let now = id;
    // No chain is longer than the list; of a circle that nobody should have published it ends all the same.
    for (let hops = 0; hops <= this.of.size; hops += 1) {
      const next = this.of.get(now);
      if (next === undefined || next.sinceMs > atMs) return now;
      now = next.successor;
    }
    return id;
  }

  /** From when on its place is another's. */
  sinceMs(id: SubsystemId): number | undefined {
    return this.of.get(id)?.sinceMs;
  }

  /** All whose place is another's at that time. */
  formers(atMs: number): SubsystemId[] {
    return [...this.of.keys()].filter((id) => this.resolve(id, atMs) !== id);
  }

  /** All in whose place that one stands at that time. */
  formersOf(id: SubsystemId, atMs: number): SubsystemId[] {
    return this.formers(atMs).filter((former) => this.resolve(former, atMs) === id);
  }
}

function isSame(one: Succession, other: Succession): boolean {
  return (
    one.former === other.former &&
    one.successor === other.successor &&
    Date.parse(one.since) === Date.parse(other.since)
  );
}
