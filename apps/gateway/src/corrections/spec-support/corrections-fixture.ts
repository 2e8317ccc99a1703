import { Module } from '@nestjs/common';
import { systemClock } from '#kernel';
import { createHttpApp, silentLogger, startHttpApp, type RunningApp } from '#platform';
import type { Database } from '#postgres';
import { eventually } from '#testing';
import { HeaderAuthenticator } from '../../consumer-auth/header-authenticator.js';
import { edgeHttpOptions, prepareEdge } from '../../edge/edge-http.config.js';
import { EdgeModule } from '../../edge/edge.module.js';
import { CONSUMER, GATEWAY, gatewayFixture, type Fixture } from '../../exchange/spec-support/gateway-fixture.js';
import { OpenApiDocuments } from '../../metaservices/openapi-documents.service.js';
import { CORRECTION_ROUTES, GatewayCorrectionsController } from '../corrections.controller.js';
import { Corrections } from '../corrections.module.js';
import { StandInFeedback } from './stand-in-feedback.js';

export const OTHER = 'TEST/GOV/1009/operator';
export const SERVICE = 'TEST/GOV/1001/population/persons';
export const EXCHANGE = '019ac1a4-7a3c-7000-8000-00000000000e';

const SETTINGS = {
  faultSpelling: '7.8',
  maxBodyBytes: 64 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxInFlightBytes: 1024 * 1024,
} as const;
export const TIMEOUT_MS = 1_500;

/** Elements of two owners, and a purpose to look again. */
const definition = (text: string) =>
  `${text
    .replace('legalBases:', '  - { code: correction-check, title: { en: Check }, legalBasis: LB-1 }\nlegalBases:')
    .replace('purposes: [citizen-view]', 'purposes: [citizen-view, correction-check]')}
elements:
  - { id: person.birth, owner: GOV/1009/operator, title: { en: Birth } }
  - { id: person.name, owner: GOV/1001/population, title: { en: Name } }
elementPlaces:
  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /birth, element: person.birth }
  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /name, element: person.name }
`;

/** Corrections over real HTTP between a stand-in feedback and the stand-ins behind the gateway's exchanges. */
export interface CorrectionsFixture {
  readonly gateway: Fixture;
  readonly feedback: StandInFeedback;
  readonly corrections: Corrections;
  /** Results of verification reads, as they are counted. */
  readonly results: string[];
  readonly alarms: Readonly<Record<string, string>>[];
  /** What went wrong in rounds of the worker. */
  readonly failures: unknown[];
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export interface CorrectionsOptions {
  readonly feedbackUrl?: string;
  /** Whether the consumer may ask for a verification read; as agreed unless said otherwise. */
  readonly mayCheck?: boolean;
  readonly verificationsEveryMs?: number;
  /** A further edit of the world's definition. */
  readonly definition?: (text: string) => string;
}

export async function startCorrections(
  database: Database,
  { feedbackUrl, mayCheck = true, verificationsEveryMs = 60_000, definition: edited = String }: CorrectionsOptions = {},
): Promise<CorrectionsFixture> {
  const results: string[] = [];
  const alarms: Readonly<Record<string, string>>[] = [];
  const failures: unknown[] = [];
  const agreed = (text: string) => {
    const made = edited(definition(text));
    return mayCheck ? made : made.replace('[citizen-view, correction-check]', '[citizen-view]');
  };
  const gateway = await gatewayFixture(database, {}, undefined, { definition: agreed });
  await eventually(() => gateway.module.replies.hearing());
  const feedback = await StandInFeedback.start();
  const settings = {
    feedbackUrl: feedbackUrl ?? feedback.url,
    correctionTimeoutMs: TIMEOUT_MS,
    maxCorrectionBytes: 16 * 1024 * 1024,
    verificationsEveryMs,
  };
  const corrections = new Corrections({
    ...{ settings, database, clock: systemClock, secret: Buffer.alloc(32, 1), gateway: GATEWAY },
    failed: (_what, cause) => void failures.push(cause),
    events: {
      verified: (result) => void results.push(result),
      alarm: (reason, details) => void alarms.push({ reason, ...details }),
    },
    registry: { current: () => gateway.registry.view },
    keys: gateway.module.keys,
    exchanges: gateway.module.exchanges,
  });
  const app = await serve(gateway, corrections);
  return {
    ...{ gateway, feedback, corrections, results, alarms, failures },
    post: (path, body, headers = {}) =>
      fetch(`${app.url}/v1/corrections${path}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-Road-Client': CONSUMER,
          'Kerege-End-User': 'an.asser.tion',
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: async () => {
      await app.close();
      feedback.close();
      await gateway.close();
    },
  };
}

/** A right request about the name of the world's person, and what a spec changes of it. */
export function filing(changes: object = {}): Record<string, unknown> {
  return {
    ...{ kind: 'ERROR', service: SERVICE, endpoint: 'GET /{pin}', exchangeId: EXCHANGE },
    ...{ subject: 'TEST/PIN/TEST000001', language: 'en' },
    items: [{ element: 'person.name', pointer: '/name', doubted: 'Test', proposed: 'Right', explanation: 'A typo.' }],
    attachments: [{ name: 'scan.txt', mediaType: 'text/plain', bytes: Buffer.from('proof').toString('base64') }],
    ...changes,
  };
}

async function serve(gateway: Fixture, corrections: Corrections): Promise<RunningApp> {
  const rights = { current: () => gateway.registry.view };
  const logger = silentLogger();
  const edge = EdgeModule.with({
    ...{ exchanges: gateway.module.exchanges, rights, logger, settings: SETTINGS },
    authenticator: new HeaderAuthenticator(rights, GATEWAY),
    openApiDocuments: new OpenApiDocuments('http://127.0.0.1:1'),
  });
  @Module({ imports: [edge], controllers: [GatewayCorrectionsController], providers: corrections.providers() })
  class GatewayModule {}
  const http = await createHttpApp(GatewayModule, { name: 'gateway', logger, ...edgeHttpOptions(SETTINGS) });
  prepareEdge(http, CORRECTION_ROUTES);
  return startHttpApp(http, { host: '127.0.0.1', port: 0 });
}
