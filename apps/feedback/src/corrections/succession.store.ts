import type { SubsystemId } from '#kernel';
import type { Database } from '#postgres';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** `sealed` is gone where nobody has to read it any more: such a case stays with whom it ended with. */
const OPEN = `pending IS NULL AND NOT is_astray AND state <> 'WITHDRAWN' AND NOT (state = 'CLOSED' AND sealed IS NULL)`;
const OF_PARTIES = `SELECT id FROM correction_case
  WHERE ${OPEN} AND (portal = ANY($1::text[]) OR owner = ANY($1::text[]) OR record->>'nextOwner' = ANY($1::text[]))
    AND id > $2::uuid ORDER BY id LIMIT $3`;
const TO_SEAL = `SELECT id FROM correction_case
  WHERE ${OPEN} AND portal = $1 AND coalesce(record->>'nextOwner', owner) = ANY($2::text[])
    AND sealed IS NOT NULL AND portal_copy IS NOT NULL AND id > $3::uuid ORDER BY id LIMIT $4`;

/** Cases of parties that are succeeded, and what their portals' gateways can open of them. Nothing is written here. */
export class SuccessionStore {
  constructor(private readonly database: Database) {}

  /** Ids of cases in which one of them is portal or owner, or on the way to be, behind this one. */
  async ofParties(formers: readonly SubsystemId[], after: string | undefined, limit: number): Promise<string[]> {
    return this.ids(OF_PARTIES, [formers, after ?? FIRST_ID, limit]);
  }

  /** Ids of cases that a portal filed and that one of them has to read, as far as its gateway can seal them anew. */
  async toSeal(
    portal: SubsystemId,
    formers: readonly SubsystemId[],
    after: string | undefined,
    limit: number,
  ): Promise<string[]> {
    return this.ids(TO_SEAL, [portal, formers, after ?? FIRST_ID, limit]);
  }

  async copyOf(id: string): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ portal_copy: Buffer | null }>(
      'SELECT portal_copy FROM correction_case WHERE id = $1',
      [id],
    );
    return row?.portal_copy ?? undefined;
  }

  private async ids(query: string, values: readonly unknown[]): Promise<string[]> {
    return (await this.database.query<{ id: string }>(query, [...values])).map(({ id }) => id);
  }
}
