import { expect } from '@jest/globals';
import type { Bus } from '#bus';
import { silentLogger, type RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import { buildWorld, eventually, type World } from '#testing';
import type { AuditConfig } from '../../apps/audit/src/audit.config.js';
import { createAudit } from '../../apps/audit/src/audit.module.js';
import type { AuditNetwork } from './audit-network.js';

export const AUDITOR = 'TEST/GOV/1008/audit';
export const HELP_DESK = 'TEST/GOV/1009/operator';
export const OTHER = 'TEST/COM/2001/clinic';
export const AUDIENCE = 'https://audit.test.example';

/** Settings with which audit knows the readers of these specs. */
export const READERS = { auditors: [AUDITOR], helpDesk: [HELP_DESK], publicUrl: AUDIENCE, indexIntervalMs: 20 };

/** The network's world with an auditor and a second consumer. */
export function worldOfReaders(network: AuditNetwork, number = 1): Promise<World> {
  const more = `
  - { id: GOV/1008, name: { en: Auditor }, subsystems: [{ code: audit }] }
  - { id: COM/2001, name: { en: Clinic }, subsystems: [{ code: clinic }] }
instances:`;
  return buildWorld({ number, sameKeysAs: network.world, definition: (text) => text.replace('\ninstances:', more) });
}

/** Another process of audit: reads from the tables, while the first one sequences. */
export function startReader(network: AuditNetwork, changes: Partial<AuditConfig>, bus: Bus): Promise<RunningApp> {
  return createAudit(network.config({ ...READERS, ...changes }), { bus, logger: silentLogger() });
}

export interface ReadAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of all operations
  readonly json: any;
}

/** Asks audit as that subsystem, with a fresh token for each request. */
export class ReaderClient {
  constructor(
    private readonly network: AuditNetwork,
    private readonly url: string,
  ) {}

  token(subsystem: string, audience = AUDIENCE, nowMs = Date.now()): Promise<string> {
    return makeReaderToken({ subsystem, audience, key: this.network.world.keysOf(subsystem).sign, nowMs });
  }

  async get(subsystem: string, path: string): Promise<ReadAnswer> {
    return this.send(path, { headers: { authorization: `Bearer ${await this.token(subsystem)}` } });
  }

  async post(subsystem: string, path: string, body: object): Promise<ReadAnswer> {
    return this.send(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.token(subsystem)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async send(path: string, init: RequestInit = {}): Promise<ReadAnswer> {
    const answer = await fetch(`${this.url}${path}`, init);
    const body = Buffer.from(await answer.arrayBuffer());
    const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
    const json: unknown = isJson ? JSON.parse(body.toString('utf8')) : undefined;
    return { status: answer.status, headers: answer.headers, body, json };
  }
}

/** Status and code of an answer; one that is no 200 has to be a problem document. */
export async function problem(asked: Promise<ReadAnswer>): Promise<[status: number, code: string]> {
  const { status, headers, json } = await asked;
  if (status !== 200) expect(headers.get('content-type')).toContain('application/problem+json');
  return [status, json.code];
}

/** Until the index has taken up all that stands now. */
export async function waitForIndex(network: AuditNetwork): Promise<void> {
  const { size } = await network.head();
  await eventually(async () => {
    const [row] = await network.database.query<{ idx: string }>('SELECT idx FROM audit.leaf_index_cursor');
    return Number(row?.idx ?? 0) >= size;
  });
}
