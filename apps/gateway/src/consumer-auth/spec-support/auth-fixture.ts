import { Module } from '@nestjs/common';
import { systemClock, type InstanceId } from '#kernel';
import { createHttpApp, silentLogger, startHttpApp } from '#platform';
import type { Database } from '#postgres';
import { jwkSigner } from '#signing';
import { buildWorld, eventually } from '#testing';
import { edgeHttpOptions, prepareEdge } from '../../edge/edge-http.config.js';
import { EdgeModule } from '../../edge/edge.module.js';
import { EvidenceService } from '../../evidence/evidence.service.js';
import { ExchangeController } from '../../exchange/exchange.controller.js';
import { ExchangeStore } from '../../exchange/exchange.store.js';
import { gatewayFixture, type Fixture } from '../../exchange/spec-support/gateway-fixture.js';
import { TakeoverService } from '../../exchange/takeover.service.js';
import { OpenApiDocuments } from '../../metaservices/openapi-documents.service.js';
import { ConsumerAuth, type ConsumerAuthSettings } from '../consumer-auth.module.js';
import { TOKEN_ROUTE, TokenController } from '../token.controller.js';

const EDGE = {
  faultSpelling: '7.8',
  maxBodyBytes: 64 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxInFlightBytes: 1024 * 1024,
} as const;

const SETTINGS: ConsumerAuthSettings = {
  host: '127.0.0.1',
  consumerAuth: 'proven',
  publicUrl: '',
  tlsCertFile: '',
  tlsKeyFile: '',
  tlsClientCaFile: '',
  tlsClientCrlFile: '',
  tlsMinVersion: '1.2',
  tlsReloadMs: 600_000,
};

/** A second subsystem of the portal's member, a second gateway of both, and a third of neither. */
const MORE = (text: string) =>
  text
    .replace('subsystems: [{ code: mygov }]', 'subsystems: [{ code: mygov }, { code: other }]')
    .replace('serves: [GOV/1000/mygov] }', 'serves: [GOV/1000/mygov, GOV/1000/other] }')
    .replace(
      '  - { id: cn1,',
      `  - { id: gw2, kind: gateway, runBy: GOV/1009, serves: [GOV/1000/mygov, GOV/1000/other] }
  - { id: gw3, kind: gateway, runBy: GOV/1009, serves: [GOV/1001/population] }
  - { id: cn1,`,
    );

/** Credentials by the code of the portal's subsystem, as the definition takes them. */
export type GivenCredentials = Readonly<Partial<Record<'mygov' | 'other', readonly object[]>>>;

function definitionWith(credentials: GivenCredentials): (text: string) => string {
  const entry = (code: 'mygov' | 'other') =>
    `{ code: ${code}, credentials: ${JSON.stringify(credentials[code] ?? [])} }`;
  return (text) => MORE(text).replace('{ code: mygov }', entry('mygov')).replace('{ code: other }', entry('other'));
}

export interface ServedGateway {
  readonly url: string;
  readonly auth: ConsumerAuth;
  close(): Promise<void>;
}

/** Gateways of one snapshot over real HTTP and a real database, with stand-ins for provider and log behind them. */
export interface AuthNetwork {
  readonly fixture: Fixture;
  /** How far the gateways' clock is ahead. */
  readonly clock: { aheadMs: number };
  serve(gateway: string, settings?: Partial<ConsumerAuthSettings>, database?: Database): Promise<ServedGateway>;
  /** The next snapshot, with other credentials. */
  publish(credentials: GivenCredentials, edit?: (text: string) => string): Promise<void>;
  close(): Promise<void>;
}

export async function authNetwork(database: Database, credentials: GivenCredentials): Promise<AuthNetwork> {
  const fixture = await gatewayFixture(database, {}, undefined, { definition: definitionWith(credentials) });
  await eventually(() => fixture.module.replies.hearing());
  const clock = { aheadMs: 0, now: () => systemClock.now() + clock.aheadMs };
  const served: ServedGateway[] = [];
  let number = 1;
  return {
    fixture,
    clock,
    serve: async (gateway, settings = {}, own = database) => {
      const running = await serve(fixture, own, clock, gateway as InstanceId, { ...SETTINGS, ...settings });
      served.push(running);
      return running;
    },
    publish: async (changed, edit = String) => {
      number += 1;
      const definition = (text: string) => edit(definitionWith(changed)(text));
      fixture.registry.view = (await buildWorld({ definition, number, sameKeysAs: fixture.world })).view;
    },
    close: async () => {
      await Promise.all(served.map((running) => running.close()));
      await fixture.close();
    },
  };
}

async function serve(
  fixture: Fixture,
  database: Database,
  clock: { now(): number },
  gateway: InstanceId,
  settings: ConsumerAuthSettings,
): Promise<ServedGateway> {
  const rights = { current: () => fixture.registry.view };
  const logger = silentLogger();
  const auth = await ConsumerAuth.open({
    ...{ settings, rights, gateway, clock, database, logger },
    signer: () => jwkSigner(fixture.world.keysOf(gateway).sign),
  });
  const { exchanges, store, takeover, tally } = fixture.module;
  const edge = EdgeModule.with({
    ...{ exchanges, rights, authenticator: auth.authenticator, logger, settings: EDGE, refusals: tally },
    openApiDocuments: new OpenApiDocuments('http://127.0.0.1:1'),
  });
  @Module({
    imports: [edge],
    controllers: [ExchangeController, TokenController],
    providers: [
      ...auth.providers(),
      { provide: ExchangeStore, useValue: store },
      { provide: TakeoverService, useValue: takeover },
      { provide: EvidenceService, useValue: {} },
    ],
  })
  class GatewayModule {}
  const options = { name: 'gateway', logger, tls: auth.tls?.options(), ...edgeHttpOptions(EDGE) };
  const app = await createHttpApp(GatewayModule, options);
  prepareEdge(app, [TOKEN_ROUTE]);
  auth.attach(app.getHttpServer());
  const running = await startHttpApp(app, { host: settings.host, port: 0, onClose: () => auth.stop() });
  auth.start(running.url);
  return { url: running.url, auth, close: () => running.close() };
}
