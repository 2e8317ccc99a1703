import type { Database, Queries } from '#postgres';
import { verifyMemberEntry, type Snapshot, type SubsystemEntry, type VerifiedMember } from '#snapshot';
import type { MemberId } from '#kernel';

export interface OpenApiRow {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
}

export interface Replacement {
  readonly previousNumber: number;
  readonly snapshot: Snapshot;
  readonly body: string;
  readonly digests: string;
  /** Members whose entry is new or changed. */
  readonly changed: readonly VerifiedMember[];
  readonly openapi: readonly OpenApiRow[];
  readonly definition: {
    readonly previousVersion: number;
    /** JSON. */
    readonly body: string;
    /** Digest of each document, by the path with which the definition names it. */
    readonly openapi: Readonly<Record<string, string>>;
  };
  /** Done in the same transaction, with the version that the definition got. */
  readonly also?: ((queries: Queries, version: number) => Promise<void>) | undefined;
}

/** The definition that stands, as the last change left it. */
export interface StoredDefinition {
  /** 0: none was kept yet. */
  readonly version: number;
  readonly body: string;
  readonly openapi: Readonly<Record<string, string>>;
}

/** Snapshots beyond these are kept by audit, for ever. */
const KEPT_SNAPSHOTS = 100;

/** The registers' rows. They and the snapshot made from them change in one transaction, or not at all. */
export class RegistersStore {
  constructor(private readonly database: Database) {}

  async members(): Promise<Map<MemberId, VerifiedMember>> {
    const rows = await this.database.query<{ id: string; document: string; key_chain: string[] }>(
      'SELECT id, document, key_chain FROM member ORDER BY id',
    );
    const members = new Map<MemberId, VerifiedMember>();
    for (const { id, document, key_chain: keyChain } of rows) {
      const verified = verifyMemberEntry({ id, document, keyChain });
      if (verified.ok) members.set(verified.value.document.member, verified.value);
    }
    return members;
  }

  async definition(): Promise<StoredDefinition> {
    const [row] = await this.database.query<{ version: string; body: string; openapi: Record<string, string> }>(
      'SELECT version, body, openapi FROM definition_version ORDER BY version DESC LIMIT 1',
    );
    if (row === undefined) return { version: 0, body: '{}', openapi: {} };
    return { ...row, version: Number(row.version) };
  }

  /** Cheap to ask, for who keeps what was made of it. */
  async version(): Promise<number> {
    const [row] = await this.database.query<{ version: string | null }>(
      'SELECT max(version) AS version FROM definition_version',
    );
    return Number(row?.version ?? 0);
  }

  async openApi(digests: readonly string[]): Promise<OpenApiRow[]> {
    return this.database.query<OpenApiRow & object>(
      'SELECT digest, media_type AS "mediaType", body AS text FROM openapi_document WHERE digest = ANY($1)',
      [digests],
    );
  }

  /** False if another change came first: nothing was written then. */
  async replace(wanted: Replacement): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      await queries.query('LOCK TABLE snapshot IN SHARE ROW EXCLUSIVE MODE');
      const [row] = await queries.query<{ number: string | null }>('SELECT max(number) AS number FROM snapshot');
      const [last] = await queries.query<{ version: string | null }>(
        'SELECT max(version) AS version FROM definition_version',
      );
      const { definition, snapshot, also } = wanted;
      const isNext = Number(row?.number) === wanted.previousNumber;
      if (!isNext || Number(last?.version ?? 0) !== definition.previousVersion) return false;
      await writeOpenApi(queries, wanted.openapi);
      if (snapshot.number !== wanted.previousNumber) await writeSnapshot(queries, wanted);
      const version = definition.previousVersion + 1;
      await queries.query(
        'INSERT INTO definition_version (version, body, openapi, snapshot_number) VALUES ($1, $2, $3, $4)',
        [version, definition.body, definition.openapi, snapshot.number],
      );
      await also?.(queries, version);
      return true;
    });
  }
}

async function writeSnapshot(queries: Queries, wanted: Replacement): Promise<void> {
  const { snapshot, body, digests } = wanted;
  await queries.query('INSERT INTO snapshot (number, body, digests) VALUES ($1, $2, $3)', [
    snapshot.number,
    body,
    digests,
  ]);
  await queries.query('DELETE FROM snapshot WHERE number <= $1', [snapshot.number - KEPT_SNAPSHOTS]);
  await writeCatalogues(queries, snapshot);
  const kept = snapshot.members.map((member) => member.id);
  const changed = wanted.changed.map((member) => member.document.member);
  await queries.query('DELETE FROM member WHERE NOT id = ANY($1) OR id = ANY($2)', [kept, changed]);
  for (const member of wanted.changed) await writeMember(queries, member);
}

async function writeOpenApi(queries: Queries, documents: readonly OpenApiRow[]): Promise<void> {
  for (const { digest, mediaType, text } of documents)
    await queries.query(
      'INSERT INTO openapi_document (digest, media_type, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [digest, mediaType, text],
    );
}

async function writeCatalogues(queries: Queries, snapshot: Snapshot): Promise<void> {
  await queries.query('DELETE FROM purpose');
  await queries.query('DELETE FROM legal_basis');
  await queries.query('DELETE FROM instance');
  for (const { code, title, legalBasis } of snapshot.purposes)
    await queries.query('INSERT INTO purpose (code, title, legal_basis) VALUES ($1, $2, $3)', [
      code,
      title,
      legalBasis,
    ]);
  for (const { code, title, reference } of snapshot.legalBases)
    await queries.query('INSERT INTO legal_basis (code, title, reference) VALUES ($1, $2, $3)', [
      code,
      title,
      reference,
    ]);
  for (const { id, kind, runBy, serves, reply } of snapshot.instances)
    await queries.query('INSERT INTO instance (id, kind, run_by, serves, reply) VALUES ($1, $2, $3, $4, $5)', [
      id,
      kind,
      runBy,
      serves,
      reply ?? null,
    ]);
}

async function writeMember(queries: Queries, { entry, document }: VerifiedMember): Promise<void> {
  await queries.query('INSERT INTO member (id, name, document, key_chain) VALUES ($1, $2, $3, $4)', [
    document.member,
    document.name,
    entry.document,
    entry.keyChain,
  ]);
  for (const instance of document.instances) await writeKeys(queries, document.member, instance.id, instance.keys);
  for (const subsystem of document.subsystems) {
    await queries.query('INSERT INTO subsystem (id, member_id, name) VALUES ($1, $2, $3)', [
      subsystem.id,
      document.member,
      subsystem.name ?? null,
    ]);
    await writeKeys(queries, document.member, subsystem.id, subsystem.keys);
    await writeServices(queries, subsystem);
    await writeAgreements(queries, subsystem);
  }
}

async function writeKeys(queries: Queries, member: string, owner: string, keys: SubsystemEntry['keys']): Promise<void> {
  for (const { kid, use, jwk, from, until } of keys)
    await queries.query(
      `INSERT INTO published_key (owner_id, kid, member_id, use, jwk, valid_from, valid_until)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [owner, kid, member, use, jwk, from, until],
    );
}

async function writeServices(queries: Queries, subsystem: SubsystemEntry): Promise<void> {
  for (const service of subsystem.services) {
    const id = `${subsystem.id}/${service.code}`;
    await queries.query(
      `INSERT INTO service (id, subsystem_id, title, openapi, timeout_ms, personal_data, subject, disabled, contract)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        subsystem.id,
        service.title,
        service.openapi ?? null,
        service.timeoutMs,
        service.personalData,
        service.subject ?? null,
        service.disabled ?? null,
        service.contract ?? null,
      ],
    );
    for (const [position, { endpoint, subject }] of service.endpoints.entries())
      await queries.query('INSERT INTO endpoint (service_id, position, endpoint, subject) VALUES ($1, $2, $3, $4)', [
        id,
        position,
        endpoint,
        subject ?? null,
      ]);
  }
}

async function writeAgreements(queries: Queries, subsystem: SubsystemEntry): Promise<void> {
  for (const [position, entry] of subsystem.agreements.entries())
    await queries.query(
      `INSERT INTO agreement (service_id, position, consumer_id, endpoints, purposes, valid_from, valid_until, end_user,
                              requires_link, subject_kinds, hours, context, stopped, quota, rate, sweep)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
      [
        `${subsystem.id}/${entry.service}`,
        position,
        entry.consumer,
        entry.endpoints,
        entry.purposes,
        entry.from ?? null,
        entry.until,
        entry.endUser ?? null,
        entry.requiresLink ?? null,
        entry.subjectKinds ?? null,
        entry.hours ?? null,
        entry.context ?? null,
        entry.stopped ?? null,
        entry.quota ?? null,
        entry.rate ?? null,
        entry.sweep ?? null,
      ],
    );
}
