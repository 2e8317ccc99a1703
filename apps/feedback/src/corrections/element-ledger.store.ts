import { hash } from 'node:crypto';
import { serviceId } from '#kernel';
import { BulkInsert, type Database, type Queries } from '#postgres';
import type { RegistryView } from '#snapshot';

type Noted = Pick<RegistryView, 'number' | 'members'>;

/** An endpoint whose answers held an element under that snapshot and those after it that say the same. */
interface PlaceRow {
  readonly firstSnap: number;
  readonly service: string;
  readonly endpoint: string;
  readonly element: string;
}

export interface ElementLedgerParts {
  readonly database: Database;
  /** Snapshots between these two were never seen here: answers under them are judged by the first of the two. */
  readonly unseen: (afterNumber: number, beforeNumber: number) => void;
  readonly failed: (cause: unknown) => void;
}

const LOCK = `SELECT pg_advisory_xact_lock(hashtext('element_ledger'))`;
const NEWEST = 'SELECT first_snap, last_snap, digest FROM element_ledger ORDER BY first_snap DESC LIMIT 1';
const PLACES = new BulkInsert<PlaceRow>('element_places', [
  ['first_snap', 'bigint', (row) => row.firstSnap],
  ['service', 'text', (row) => row.service],
  ['endpoint', 'text', (row) => row.endpoint],
  ['element', 'text', (row) => row.element],
]);

/**
 * Which answers held which element, snapshot by snapshot: who got a datum is judged by the registry as it was then
 * (`corrections.md` §6). A row of the ledger is a run of snapshots, each seen here, that say the same; so a registry that
 * changes something else costs one number. Numbers only rise, and nothing that was noted is changed.
 */
export class ElementLedger {
  /** One after another: a snapshot that came later is noted later. */
  private tail: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ElementLedgerParts) {}

  /** Of a snapshot that was adopted; what fails is told, and made up for by the next `noted`. */
  note(view: Noted): void {
    void this.noted(view).catch(this.parts.failed);
  }

  /** Resolves when it, or a later one, is there. */
  noted(view: Noted): Promise<void> {
    const done = this.tail.then(() => this.write(view));
    this.tail = done.catch(() => undefined);
    return done;
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<void> {
    return this.tail;
  }

  private async write(view: Noted): Promise<void> {
    const { database, unseen } = this.parts;
    const number = view.number;
    const missed = await database.transaction(async (queries) => {
      await queries.query(LOCK);
      const [newest] = await queries.query<{ first_snap: string; last_snap: string; digest: Buffer }>(NEWEST);
      const last = Number(newest?.last_snap ?? 0);
      if (newest !== undefined && number <= last) return undefined;
      const rows = placeRows(view);
      const digest = digestOf(rows);
      if (newest?.digest.equals(digest) === true && number === last + 1)
        await queries.query('UPDATE element_ledger SET last_snap = $2 WHERE first_snap = $1', [
          newest.first_snap,
          number,
        ]);
      else await this.begin(queries, { number, digest, rows });
      return newest !== undefined && number > last + 1 ? last : undefined;
    });
    if (missed !== undefined) unseen(missed, number);
  }

  private async begin(
    queries: Queries,
    { number, digest, rows }: { readonly number: number; readonly digest: Buffer; readonly rows: readonly PlaceRow[] },
  ): Promise<void> {
    await queries.query('INSERT INTO element_ledger (first_snap, last_snap, digest) VALUES ($1, $1, $2)', [
      number,
      digest,
    ]);
    await PLACES.run(queries, rows);
  }
}

/** In one order, each once. */
function placeRows(view: Noted): PlaceRow[] {
  const rows = new Map<string, PlaceRow>();
  for (const subsystem of view.members().flatMap((member) => member.subsystems))
    for (const { code, endpoints } of subsystem.services)
      for (const { endpoint, elements = [] } of endpoints)
        for (const { element } of elements) {
          const row = { firstSnap: view.number, service: serviceId(subsystem.id, code), endpoint, element };
          rows.set([row.service, endpoint, element].join('\0'), row);
        }
  return [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

function digestOf(rows: readonly PlaceRow[]): Buffer {
  const text = JSON.stringify(rows.map(({ service, endpoint, element }) => [service, endpoint, element]));
  return hash('sha256', text, 'buffer');
}
