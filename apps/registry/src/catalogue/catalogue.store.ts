import type { Database } from '#postgres';
import type { AgreedHours, AgreedQuota, AgreedRate, AgreedSweep } from '#access';
import type {
  ListedAgreement,
  ListedMember,
  ListedPurpose,
  ListedService,
  ServiceWithAgreements,
} from './catalogue.js';

interface ServiceRow {
  id: string;
  subsystem_id: string;
  title: Record<string, string>;
  openapi: string | null;
  timeout_ms: number;
  personal_data: boolean;
  subject: unknown;
  disabled: string | null;
  contract: { requests: string; answers: string } | null;
  endpoints: { endpoint: string; subject: unknown }[];
}

interface AgreementRow {
  consumer_id: string;
  endpoints: string[];
  purposes: string[];
  valid_from: Date | null;
  valid_until: Date;
  end_user: Record<string, string> | null;
  requires_link: string[] | null;
  subject_kinds: string[] | null;
  hours: AgreedHours | null;
  context: string[] | null;
  stopped: string | null;
  quota: AgreedQuota | null;
  rate: AgreedRate | null;
  sweep: AgreedSweep | null;
}

const SERVICE = `
  SELECT id, subsystem_id, title, openapi, timeout_ms, personal_data, subject, disabled, contract,
    coalesce((SELECT jsonb_agg(jsonb_build_object('endpoint', endpoint, 'subject', e.subject) ORDER BY position)
              FROM endpoint e WHERE e.service_id = service.id), '[]') AS endpoints
  FROM service`;

/** Reads what the registers hold; what is asked here was applied, and is in force or about to be. */
export class CatalogueStore {
  constructor(private readonly database: Database) {}

  async members(): Promise<ListedMember[]> {
    const members = await this.database.query<{ id: string; name: Record<string, string> }>(
      'SELECT id, name FROM member ORDER BY id',
    );
    const subsystems = await this.database.query<{
      id: string;
      member_id: string;
      name: Record<string, string> | null;
    }>('SELECT id, member_id, name FROM subsystem ORDER BY id');
    const services = await this.database.query<ServiceRow>(`${SERVICE} ORDER BY id`);
    return members.map(({ id, name }) => ({
      id,
      name,
      subsystems: subsystems
        .filter((subsystem) => subsystem.member_id === id)
        .map((subsystem) => ({
          id: subsystem.id,
          ...(subsystem.name === null ? {} : { name: subsystem.name }),
          services: services.filter((service) => service.subsystem_id === subsystem.id).map(serviceOf),
        })),
    }));
  }

  async purposes(): Promise<ListedPurpose[]> {
    return this.database.query<ListedPurpose>(
      'SELECT code, title, legal_basis AS "legalBasis" FROM purpose ORDER BY code',
    );
  }

  async service(id: string): Promise<ServiceWithAgreements | undefined> {
    const [row] = await this.database.query<ServiceRow>(`${SERVICE} WHERE id = $1`, [id]);
    if (row === undefined) return undefined;
    const agreements = await this.database.query<AgreementRow>(
      `SELECT consumer_id, endpoints, purposes, valid_from, valid_until, end_user, requires_link, subject_kinds, hours, context,
              stopped, quota, rate, sweep
       FROM agreement WHERE service_id = $1 ORDER BY position`,
      [id],
    );
    return { ...serviceOf(row), agreements: agreements.map(agreementOf) };
  }

  async openapi(digest: string): Promise<{ mediaType: string; body: string } | undefined> {
    const [row] = await this.database.query<{ mediaType: string; body: string }>(
      'SELECT media_type AS "mediaType", body FROM openapi_document WHERE digest = $1',
      [digest],
    );
    return row;
  }
}

function serviceOf(row: ServiceRow): ListedService {
  return {
    id: row.id,
    title: row.title,
    ...(row.openapi === null ? {} : { openapi: `/v1/openapi/${row.openapi}` }),
    timeoutMs: row.timeout_ms,
    personalData: row.personal_data,
    ...(row.subject === null ? {} : { subject: row.subject }),
    ...(row.disabled === null ? {} : { disabled: row.disabled }),
    ...(row.contract === null ? {} : { contract: row.contract }),
    endpoints: row.endpoints.map(({ endpoint, subject }) => (subject === null ? { endpoint } : { endpoint, subject })),
  };
}

function agreementOf(row: AgreementRow): ListedAgreement {
  return {
    consumer: row.consumer_id,
    endpoints: row.endpoints,
    purposes: row.purposes,
    ...(row.end_user === null ? {} : { endUser: row.end_user }),
    ...(row.requires_link === null ? {} : { requiresLink: row.requires_link }),
    ...(row.subject_kinds === null ? {} : { subjectKinds: row.subject_kinds }),
    ...(row.hours === null ? {} : { hours: row.hours }),
    ...(row.context === null ? {} : { context: row.context }),
    ...(row.quota === null ? {} : { quota: row.quota }),
    ...(row.rate === null ? {} : { rate: row.rate }),
    ...(row.sweep === null ? {} : { sweep: row.sweep }),
    ...(row.stopped === null ? {} : { stopped: row.stopped }),
    ...(row.valid_from === null ? {} : { from: row.valid_from.toISOString() }),
    until: row.valid_until.toISOString(),
  };
}
