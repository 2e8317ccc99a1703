import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CASE_KINDS, openDelivery } from '#deliveries';
import { keyFileName, silentLogger, type RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { connectorConfig } from '../../apps/connector/src/connector.config.js';
import { createConnector } from '../../apps/connector/src/connector.module.js';
import { SERVICE } from '../audit/audit-network.js';
import { AgencyStandIn } from '../connector/agency-stand-in.js';
import { Filing, OTHER_OWNER, OWNER, PORTAL, type FiledCase } from './filing.js';

jest.setTimeout(120_000);

const AUDIENCE = 'https://connector.test.example';
const CODE = 'TEST000031';

describe('the connector of an owner', () => {
  let filing: Filing;
  let agency: AgencyStandIn;
  let database: TestDatabase;
  let connector: RunningApp;
  let filed: FiledCase;
  /** What the agency's system says to a notice. */
  let says = 500;

  const start = async (feedbackUrl: string) => {
    const { directory } = filing.network.audit;
    const loaded = connectorConfig.load({
      ...{ DATABASE_URL: database.url, KEREGE_PORT: '0', KEREGE_INSTANCE_ID: 'TEST/cn1', KEREGE_KEYS_DIR: directory },
      KEREGE_TRUST_FILE: join(directory, 'trust.json'),
      KEREGE_LOG_NOTES_DIR: join(directory, 'notes-cn1'),
      KEREGE_AUDIT_URL: filing.network.auditUrl,
      KEREGE_CONNECTOR_AGENCIES: `${SERVICE}=${agency.url}/base/`,
      KEREGE_CONNECTOR_NOTICES: `${OWNER}=${agency.url}/notices`,
      KEREGE_CONNECTOR_PUBLIC_URL: AUDIENCE,
      KEREGE_CONNECTOR_FEEDBACK_URL: feedbackUrl,
      KEREGE_CONNECTOR_RECEIPT_INTERVAL_MS: '100',
      KEREGE_CONNECTOR_NOTICE_RETRY_MS: '20',
      KEREGE_CONNECTOR_NOTICE_LONGEST_RETRY_MS: '50',
    });
    connector = await createConnector(loaded, { bus: filing.network.bus, logger: silentLogger() });
    await eventually(async () => (await fetch(`${connector.url}/ready`)).ok, { timeoutMs: 20_000 });
  };
  const api = async (path: string, body?: object, as = OWNER) => {
    const key = filing.network.audit.world.keysOf(as).sign;
    const token = await makeReaderToken({ subsystem: as, audience: AUDIENCE, key, nowMs: Date.now() });
    const response = await fetch(`${connector.url}/v1/corrections${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const until = (state: string) => filing.until(CODE, filed.id, (one) => one.state === state);
  const brought = () => agency.calls.filter(({ headers }) => headers['kerege-notice-id'] !== undefined);

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start();
    [agency, database] = await Promise.all([AgencyStandIn.start(), createDatabase()]);
    agency.answer = (_call, response) => void response.writeHead(says).end('said');
    const { sign, seal } = filing.network.audit.world.keysOf(OWNER);
    const file = join(filing.network.audit.directory, keyFileName(OWNER));
    writeFileSync(file, JSON.stringify({ keys: [sign, seal] }));
    chmodSync(file, 0o600);
    await start(filing.app?.url ?? '');
  });
  afterAll(async () => {
    await connector.close();
    await agency.stop();
    await filing.close();
    await database.drop();
  });

  it('brings the request to the agency’s system, and signs the receipt only once that has it, also after a restart', async () => {
    filed = await filing.routed({ code: CODE, exchangeId: await filing.seen(CODE) });
    await eventually(() => brought().length >= 2, { timeoutMs: 30_000 });
    expect(await filing.until(CODE, filed.id, () => true)).toMatchObject({ state: 'ROUTED' });
    await connector.close();
    says = 204;
    await start(filing.app?.url ?? '');
    await until('RECEIVED');
    const { content } = JSON.parse(brought().at(-1)?.body.toString() ?? '') as { content: { content: unknown } };
    expect(content.content).toEqual(filed.content);
  });

  it('shows the agency its cases, opened, and nobody else any', async () => {
    const { body } = await api('?state=RECEIVED');
    expect(body['cases']).toMatchObject([{ id: filed.id, state: 'RECEIVED' }]);
    expect((await api(`/${filed.id}`)).body).toMatchObject({
      content: filed.content,
      next: ['start', 'transfer', 'join'],
    });
    expect(await api('', undefined, OTHER_OWNER)).toMatchObject({
      status: 403,
      body: { code: 'notice-reader-foreign' },
    });
  });

  it('signs what the agency says: start, decide, corrected by plain values', async () => {
    expect((await api(`/${filed.id}/start`, {})).status).toBe(200);
    await until('IN_REVIEW');
    const decision = { outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12', remedies: [] };
    const decide = (more: object) =>
      api(`/${filed.id}/decide`, { ...decision, accepted: [0], approvedBy: 'worker-1', ...more });
    expect(await decide({ ownWords: 'a\u202eb' })).toMatchObject({
      ...{ status: 400, body: { code: 'request-malformed', problems: [{ field: 'ownWords' }] } },
    });
    expect((await decide({ ownWords: 'Kitaba baxdıq.' })).status).toBe(200);
    await until('ACCEPTED');
    const { words } = (await filing.portal(CODE, `/v1/corrections/${filed.id}/words`)).body as {
      words: { content: { id: string; sealed: string } }[];
    };
    const { id = '', sealed = '' } = words[0]?.content ?? {};
    const { seal } = filing.network.audit.world.keysOf(PORTAL);
    const opened = await openDelivery(
      { id, kind: CASE_KINDS.words, to: PORTAL },
      Buffer.from(sealed, 'base64url'),
      () => seal,
    );
    expect(opened).toMatchObject({ ok: true, value: { correctionId: filed.id, text: 'Kitaba baxdıq.' } });
    const values = [{ item: 0, value: '1990-01-02' }];
    expect((await api(`/${filed.id}/corrected`, { values, effectiveFrom: '2026-01-31' })).status).toBe(200);
    await filing.until(CODE, filed.id, ({ correctedFrom }) => correctedFrom === '2026-01-31T00:00:00.000Z');
  });

  it('passes on what feedback refuses, and judges bodies by the schema of feedback', async () => {
    expect(await api(`/${filed.id}/start`, {})).toMatchObject({
      status: 409,
      body: { code: 'case-feedback-conflict', feedbackCode: 'case-refused', refusal: expect.any(String) },
    });
    for (const body of [
      {},
      { reason: 'because' },
      { reason: 'study-needed', act: 'start' },
      { reason: 'study-needed', more: 1 },
    ])
      expect(await api(`/${filed.id}/extend`, body)).toMatchObject({
        ...(body.act === undefined ? { status: 400, body: { code: 'request-malformed' } } : { status: 409 }),
      });
    expect((await api(`/${filed.id}/corrected`, { values: [{ item: 0 }], effectiveFrom: 'now' })).status).toBe(400);
  });

  it('without feedback says so', async () => {
    await connector.close();
    await start('');
    expect(await api('')).toMatchObject({ status: 503, body: { code: 'case-feedback-unset' } });
  });
});
