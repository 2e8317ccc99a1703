import { createInProcessBus, type Bus } from '#bus';
import type { ContractChecks } from '#contract-check';
import { fixedTopics, receiptTopic, replyTopic, requestTopic } from '#contracts';
import { newExchangeId, systemClock, type InstanceId } from '#kernel';
import { Openings, type OpeningEvent } from '#openings';
import type { Database } from '#postgres';
import { jwkSigner, KeyRing, signStatement, type RequestedPayload, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import { buildWorld, type World, type WorldOptions } from '#testing';
import { ExchangeModule, type ExchangeModuleSettings } from '../exchange.module.js';
import type { ExchangeRequest } from '../exchange.js';
import { noLinks, type LinkTickets } from '../../links/link-tickets.service.js';
import { buildRequest, CONSUMER, PROVIDER, type RequestChanges } from './build-request.js';
import { StandInLog } from './stand-in-log.js';
import { StandInProvider } from './stand-in-provider.js';

export { CONSUMER, PROVIDER };
export const GATEWAY = 'TEST/gw1' as InstanceId;

const SETTINGS: ExchangeModuleSettings = {
  instanceId: GATEWAY,
  maxInFlight: 100,
  maxInFlightBytes: 1024 * 1024,
  marginMs: 200,
  rowGraceMs: 500,
  keepRowsMs: 24 * 60 * 60_000,
  maxUnreceiptedStamps: 100,
  logSilentMs: 5_000,
  outcomesEveryMs: 60_000,
  outcomesAfterMs: 0,
};

/** A gateway's exchanges between a stand-in provider and a stand-in log, over any bus and any database. */
export interface Fixture {
  readonly world: World;
  readonly bus: Bus;
  readonly log: StandInLog;
  readonly provider: StandInProvider;
  readonly module: ExchangeModule;
  readonly alarms: string[];
  readonly counted: string[];
  readonly openingEvents: readonly string[];
  /** Whether the log contradicts what this gateway remembers of it. */
  readonly guard: { isDistrusted: boolean };
  readonly registry: { view: RegistryView | undefined };
  readonly log0: { outcome: Statement | undefined };
  request(changes?: RequestChanges): ExchangeRequest;
  /** Another gateway process over the same bus, world and database. */
  another(settings?: Partial<ExchangeModuleSettings>, database?: Database): ExchangeModule;
  close(): Promise<void>;
}

/** Whom else the gateway asks; absent: nobody. */
export interface FixtureAdapters {
  readonly links?: LinkTickets | undefined;
  readonly contracts?: ContractChecks;
}

export async function gatewayFixture(
  database: Database,
  settings: Partial<ExchangeModuleSettings> = {},
  bus: Bus = createInProcessBus(),
  worldOptions: WorldOptions = {},
  { links = noLinks, contracts }: FixtureAdapters = {},
): Promise<Fixture> {
  const world = await buildWorld(worldOptions);
  const { stamp, opening, openingKey, unopened } = fixedTopics;
  await bus.ensureTopics([
    stamp,
    opening,
    openingKey,
    unopened,
    requestTopic(PROVIDER),
    receiptTopic(PROVIDER),
    replyTopic(GATEWAY),
  ]);
  const topics = world.view.topicsOf(PROVIDER);
  if (topics === undefined) throw new TypeError('the world has no topics');
  const log = new StandInLog(bus);
  const provider = new StandInProvider(bus, PROVIDER, world.keysOf(PROVIDER), topics);
  await Promise.all([log.start(), provider.start()]);
  const alarms: string[] = [];
  const counted: string[] = [];
  const registry: { view: RegistryView | undefined } = { view: world.view };
  const log0: { outcome: Statement | undefined } = { outcome: undefined };
  const manifest = await manifestOf(world);
  const modules: ExchangeModule[] = [];
  const openingEvents: OpeningEvent[] = [];
  const openings = new Openings({
    bus,
    clock: systemClock,
    registry: { current: () => registry.view, onChange: () => () => undefined },
    instanceId: GATEWAY,
    counted: (event) => openingEvents.push(event),
    failed: (what) => alarms.push(what),
  }).start();
  const guard = { isDistrusted: false };
  const another = (changes: Partial<ExchangeModuleSettings> = {}, over: Database = database) => {
    const module = new ExchangeModule(
      {
        bus,
        clock: systemClock,
        database: over,
        registry: {
          current: () => registry.view,
          onChange: () => () => undefined,
          manifestStatement: manifest,
        },
        keys: KeyRing.parse([
          [CONSUMER, JSON.stringify({ keys: [world.keysOf(CONSUMER).sign, world.keysOf(CONSUMER).seal] })],
          [
            GATEWAY,
            JSON.stringify({
              keys: [world.keysOf(GATEWAY).sign, { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }],
            }),
          ],
        ]),
        logs: StandInLog.keys(),
        openings,
        links,
        ...(contracts === undefined ? {} : { contracts }),
        guard: { seen: () => undefined, distrusts: () => guard.isDistrusted },
        log: { providerLeaf: (_: Statement<RequestedPayload>) => Promise.resolve(log0.outcome) },
        events: {
          ended: () => undefined,
          alarm: (reason) => alarms.push(reason),
          counted: (what) => counted.push(what),
          failed: () => undefined,
          watch: () => ({ traceparent: undefined, passed: () => undefined, ended: () => undefined }),
        },
      },
      { ...SETTINGS, ...settings, ...changes },
    );
    module.start();
    modules.push(module);
    return module;
  };
  return {
    world,
    bus,
    log,
    provider,
    module: another(),
    alarms,
    counted,
    openingEvents,
    guard,
    registry,
    log0,
    request: buildRequest,
    another,
    close: async () => {
      await Promise.all(modules.map((module) => module.close()));
      await openings.stop();
      await Promise.all([log.stop(), provider.stop()]);
      await bus.close();
    },
  };
}

/** What the gateway stamps to see whether the log answers; the stand-in log takes whatever parses. */
function manifestOf(world: World): Promise<Statement> {
  const nowMs = Date.now();
  const doc = `h0:${Buffer.alloc(32).toString('base64url')}`;
  return signStatement(
    { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: nowMs, n: 1, until: nowMs + 600_000, doc },
    jwkSigner(world.keysOf('TEST/registry1').sign),
  );
}
