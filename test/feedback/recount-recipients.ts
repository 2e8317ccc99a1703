import { createHash } from 'node:crypto';

/**
 * Who got a datum, counted anew from what anybody with the right to it can hold: bundles of the log, the snapshots, and an
 * export of openings. It shares no code with feedback, so that both cannot be wrong in the same way.
 */

/** A place of a snapshot: this endpoint's answers hold that element. */
export interface CountedPlace {
  readonly service: string;
  readonly endpoint: string;
  readonly element: string;
}

/** Commitment number `position` of the leaf's subjects is this person. */
export interface ExportedOpening {
  /** Hex. */
  readonly leafHash: string;
  readonly position: number;
  /** `COUNTRY/TYPE/CODE` */
  readonly subject: string;
}

export interface Recounted {
  readonly member: string;
  readonly lastExchangeId: string;
}

export interface RecountInput {
  /** As the log serves them: each entry behind its length in two bytes. */
  readonly bundles: readonly Uint8Array[];
  readonly snapshots: ReadonlyMap<number, readonly CountedPlace[]>;
  readonly openings: readonly ExportedOpening[];
}

export interface RecountQuestion {
  readonly subject: string;
  readonly element: string;
  /** Requests of this instant and later, ms. */
  readonly since: number;
}

interface Leaf {
  readonly hash: string;
  readonly said: Readonly<Record<string, unknown>>;
}

/** What the leaves say, found once for any number of questions. */
export class Recount {
  private readonly requests: Leaf[] = [];
  private readonly sequels = new Map<unknown, Leaf[]>();
  private readonly subjectsOf = new Map<string, Set<string>>();
  private readonly requestsOf = new Map<string, Set<Leaf>>();

  constructor(private readonly input: RecountInput) {
    for (const leaf of leavesOf(input.bundles)) {
      if (leaf.said['t'] === 'exchange.requested') this.requests.push(leaf);
      else if (typeof leaf.said['prev'] === 'string') {
        const prev = Buffer.from(leaf.said['prev'], 'base64url').toString('hex');
        this.sequels.set(prev, [...(this.sequels.get(prev) ?? []), leaf]);
      }
    }
    for (const { leafHash, subject } of input.openings)
      this.subjectsOf.set(leafHash, (this.subjectsOf.get(leafHash) ?? new Set()).add(subject));
    for (const request of this.requests)
      for (const { hash } of [request, ...this.countedOf(request)])
        for (const subject of this.subjectsOf.get(hash) ?? [])
          this.requestsOf.set(subject, (this.requestsOf.get(subject) ?? new Set()).add(request));
  }

  /** Each member once, in the order of names. */
  of({ subject, element, since }: RecountQuestion): Recounted[] {
    const last = new Map<string, Leaf>();
    for (const request of this.requestsOf.get(subject) ?? []) {
      if (Number(request.said['ts']) < since || !this.disclosed(request, element)) continue;
      const member = String(request.said['from']);
      const known = last.get(member);
      if (known === undefined || isLater(request, known)) last.set(member, request);
    }
    return [...last]
      .map(([member, { said }]) => ({ member, lastExchangeId: String(said['id']) }))
      .sort((one, other) => (one.member < other.member ? -1 : 1));
  }

  /** Whatever else was stated: nobody disowns what was answered. */
  private disclosed(request: Leaf, element: string): boolean {
    return this.countedOf(request).some(({ said }) => {
      const status = Number(said['st']);
      if (said['t'] !== 'exchange.answered' || status < 200 || status > 299) return false;
      const places = this.input.snapshots.get(Number(said['snap'])) ?? [];
      return places.some(
        (place) => place.element === element && place.service === said['svc'] && place.endpoint === said['ep'],
      );
    });
  }

  private countedOf({ hash, said: request }: Leaf): Leaf[] {
    return (this.sequels.get(hash) ?? []).filter(({ said }) =>
      ['id', 'from', 'to', 'svc'].every((name) => said[name] === request[name]),
    );
  }
}

function isLater({ said: one }: Leaf, { said: other }: Leaf): boolean {
  const [a, b] = [Number(one['ts']), Number(other['ts'])];
  return a > b || (a === b && String(one['id']) > String(other['id']));
}

function leavesOf(bundles: readonly Uint8Array[]): Leaf[] {
  const leaves = new Map<string, Leaf>();
  for (const bundle of bundles.map((bytes) => Buffer.from(bytes)))
    for (let at = 0; at < bundle.length;) {
      const end = at + 2 + bundle.readUInt16BE(at);
      const text = bundle.subarray(at + 2, end);
      const hash = createHash('sha256').update(Buffer.of(0)).update(text).digest('hex');
      const [, payload = ''] = text.toString('latin1').split('.');
      leaves.set(hash, { hash, said: JSON.parse(Buffer.from(payload, 'base64url').toString()) as Leaf['said'] });
      at = end;
    }
  return [...leaves.values()];
}
