import { Module } from '@nestjs/common';
import { createInProcessBus, type Bus } from '#bus';
import { systemClock } from '#kernel';
import { createHttpApp, silentLogger, startHttpApp, type Logger, type RunningApp } from '#platform';
import type { Database } from '#postgres';
import { eventually } from '#testing';
import { HeaderAuthenticator } from '../../consumer-auth/header-authenticator.js';
import { AnswerBudget } from '../../edge/answer-budget.js';
import { BodyBudget } from '../../edge/body-budget.js';
import { edgeHttpOptions, prepareEdge } from '../../edge/edge-http.config.js';
import { EdgeModule } from '../../edge/edge.module.js';
import {
  CONSUMER,
  GATEWAY,
  gatewayFixture,
  PROVIDER,
  type Fixture,
} from '../../exchange/spec-support/gateway-fixture.js';
import type { LinkTickets } from '../../links/link-tickets.service.js';
import { OpenApiDocuments } from '../../metaservices/openapi-documents.service.js';
import { COMPOSITION_ROUTE, CompositionController } from '../composition.controller.js';
import { CompositionService } from '../composition.service.js';

export interface Told {
  readonly composition: { complete: boolean; parts: number; answered: number; tookMs: number };
  readonly parts: {
    name: string;
    outcome: string;
    status: number;
    tookMs: number;
    exchangeId?: string;
    evidence?: string;
    asOf?: string;
    source?: object;
    body?: unknown;
    problem?: { code: string };
    retryAfterS?: number;
  }[];
}

export const MAX_BODY_BYTES = 64 * 1024;

const SETTINGS = {
  faultSpelling: '7.8',
  maxBodyBytes: MAX_BODY_BYTES,
  maxHeaderBytes: 16 * 1024,
  maxInFlightBytes: 1024 * 1024,
  writeTimeoutMs: 2_000,
} as const;
const HELD_BYTES = 1_000;
export const UNREAD_BYTES = 24 * 1024 * 1024;

/** A gateway's native paths over real HTTP, with stand-ins for provider and log behind its exchanges. */
export interface Compositions {
  readonly gateway: Fixture;
  /** How many requests to providers are still to be lost. */
  toLose: number;
  readonly url: string;
  /** Answers that clients have not taken. */
  readonly answers: AnswerBudget;
  post(body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  compose(composition: object): Promise<Told>;
  close(): Promise<void>;
}

/** `definition` edits the definition of the instance; `links`: whom feedback lets through. */
export async function startCompositions(
  database: Database,
  {
    definition = String,
    links,
    logger = silentLogger(),
  }: { definition?: (text: string) => string; links?: LinkTickets; logger?: Logger } = {},
): Promise<Compositions> {
  const state = { toLose: 0 };
  const settings = { maxInFlight: 60, rowGraceMs: 20_000 };
  const gateway = await gatewayFixture(database, settings, losingBus(state), { definition }, { links });
  await eventually(() => gateway.module.replies.hearing());
  const answers = new AnswerBudget(UNREAD_BYTES);
  const app = await serve(gateway, answers, logger);
  const post = (body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${app.url}${COMPOSITION_ROUTE}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Road-Client': CONSUMER, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  const compose = async (composition: object) => {
    const answer = await post(composition);
    if (answer.status !== 200) throw new TypeError(`a composition was answered with ${answer.status}`);
    return (await answer.json()) as Told;
  };
  const close = async () => {
    await app.close();
    await gateway.close();
  };
  return Object.assign(state, { gateway, url: app.url, answers, post, compose, close });
}

/** A part that the world's consumer may ask for. */
export const person = (name: string, more: object = {}) => ({
  name,
  target: `/r1/${PROVIDER}/persons/TEST000001`,
  ...more,
});
export const persons = (count: number) => Array.from({ length: count }, (_, index) => person(`p${index}`));

function losingBus(state: { toLose: number }): Bus {
  const bus = createInProcessBus();
  const publish = bus.publish.bind(bus);
  bus.publish = (records) =>
    publish(
      records.filter(({ topic }) => !topic.startsWith('request.') || state.toLose === 0 || (state.toLose -= 1) < 0),
    );
  return bus;
}

async function serve(fixture: Fixture, answers: AnswerBudget, logger: Logger): Promise<RunningApp> {
  const rights = { current: () => fixture.registry.view };
  const compositions = new CompositionService({
    exchanges: fixture.module.exchanges,
    rights,
    held: new BodyBudget(HELD_BYTES, HELD_BYTES),
    clock: systemClock,
    logger,
    maxHeaderBytes: SETTINGS.maxHeaderBytes,
  });
  const edge = EdgeModule.with({
    exchanges: fixture.module.exchanges,
    rights,
    authenticator: new HeaderAuthenticator(rights, GATEWAY),
    openApiDocuments: new OpenApiDocuments('http://127.0.0.1:1'),
    logger,
    settings: SETTINGS,
    answers,
  });
  @Module({
    imports: [edge],
    controllers: [CompositionController],
    providers: [{ provide: CompositionService, useValue: compositions }],
  })
  class GatewayModule {}
  const http = await createHttpApp(GatewayModule, { name: 'gateway', logger, ...edgeHttpOptions(SETTINGS) });
  prepareEdge(http, [COMPOSITION_ROUTE]);
  return startHttpApp(http, { host: '127.0.0.1', port: 0 });
}
