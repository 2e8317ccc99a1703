import { setTimeout as delay } from 'node:timers/promises';
import { newExchangeId } from '#kernel';
import type { Instance, InstanceOptions } from '../../../apps/sandbox/src/instance/instance.js';
import { ENTITLEMENTS, MYGOV } from '../../system/spec-support/bus-under-test.js';
import { Random } from '../chaos/random.js';
import { judgeCases, type CaseBreach, type ExpectedCase } from '../ledger/case-judge.js';
import { Actors, NEXT_OWNER, OWNER, RECIPIENTS, type Person } from './actors.js';
import type { Inbox } from './inbox.js';
import { LogWatch } from './log-watch.js';
import { Reaper, VICTIMS, type Victim } from './reaper.js';
import { Walk, type Plan, type Row, type Scene } from './walk.js';

/** What happens to one case, and what has to be there of it in the end. */
export interface Path extends Plan {
  readonly walk: (walk: Walk) => Promise<void>;
  /** In whose answer the datum was seen; absent: in the register's own. */
  readonly service?: string;
  readonly expected: Pick<ExpectedCase, 'ends' | 'transitions' | 'ownerHears' | 'recipients'> &
    Partial<Pick<ExpectedCase, 'owner' | 'formerOwners'>>;
}

const BEGIN = ['submitted', 'routed', 'received', 'review-started'];
const END = ['corrected', 'propagating', 'verified', 'closed'];
const CLOSED = { ends: 'CLOSED', recipients: RECIPIENTS } as const;
/** After the load: what waits for the end of a dead worker's lease has had its time. */
const REST_MS = 100_000;

/** What happens on `correctedPath`; each is once under way, taken, or there already when its victim dies. */
export const CORRECTED_DEEDS = [
  ...[...BEGIN, 'info-requested', 'info-provided', 'extended', 'decided'],
  ...['corrected', 'propagating', 'verified', 'acknowledged', 'closed'],
] as const;

/** Every transition that a case can take on its way to a correction. */
export function correctedPath(path: string, victimOf: Plan['victimOf'], isWhole = false): Path {
  const walk = async (one: Walk) => {
    await one.reviewed();
    await one.asked();
    await one.accepted();
    await one.corrected();
  };
  const transitions = [...BEGIN, 'info-requested', 'info-provided', 'extended', 'decided', ...END];
  const ownerHears = ['correction', 'correction.info', 'correction.told closed'];
  return { path, victimOf, isWhole, walk, expected: { ...CLOSED, transitions, ownerHears } };
}

/** Handed on by who owns the datum to whose copy is wrong; who dies at each of these steps is chance. */
export function transferredPath(random: Random): Path {
  const victims = new Map(
    ['transferred', 'routed', 'received', 'withdrawn'].map((deed) => [deed, random.pick(VICTIMS)] as const),
  );
  const victimOf = (deed: string) => victims.get(deed);
  const walk = async (one: Walk) => {
    await one.reviewed();
    await one.transferred();
    await one.withdrawn();
  };
  const expected = {
    ...({ ends: 'WITHDRAWN', recipients: [], owner: NEXT_OWNER, formerOwners: [OWNER] } as const),
    transitions: [...BEGIN, 'transferred', 'routed', 'received', 'review-started', 'withdrawn'],
    ownerHears: ['correction', 'correction.told withdrawn'],
  };
  return { path: 'transferred', service: ENTITLEMENTS, victimOf, walk, expected };
}

export function withdrawnPath(victim: Victim): Path {
  const victimOf = (deed: string) => (deed === 'withdrawn' ? victim : undefined);
  const walk = async (one: Walk) => {
    await one.reviewed();
    await one.withdrawn();
  };
  const ownerHears = ['correction', 'correction.told withdrawn'];
  const transitions = [...BEGIN, 'withdrawn'];
  return {
    path: 'withdrawn',
    victimOf,
    walk,
    expected: { ends: 'WITHDRAWN', transitions, ownerHears, recipients: [] },
  };
}

/** Rejected, appealed against, and accepted after all; who dies at each of these steps is chance. */
export function appealedPath(random: Random): Path {
  const steps = ['review-started', 'decided', 'reopened'].map((deed) => [deed, random.pick(VICTIMS)] as const);
  const victims = new Map<string, Victim>(steps);
  const victimOf = (deed: string) => victims.get(deed);
  const walk = async (one: Walk) => {
    await one.reviewed();
    await one.rejected();
    await one.appealed();
    await one.started(2);
    await one.accepted(2);
    await one.corrected();
  };
  const transitions = [...BEGIN, 'decided', 'reopened', 'review-started', 'decided', ...END];
  const ownerHears = ['correction', 'correction.told reopened', 'correction.told closed'];
  return { path: 'appealed', victimOf, walk, expected: { ...CLOSED, transitions, ownerHears } };
}

/** In which two case workers decide at once, as `decide` has them. */
export function racedPath(path: string, decide: (walk: Walk) => Promise<void>): Path {
  const walk = async (one: Walk) => {
    await one.reviewed();
    await decide(one);
    await one.corrected();
  };
  const ownerHears = ['correction', 'correction.told closed'];
  const transitions = [...BEGIN, 'decided', ...END];
  return { path, victimOf: () => undefined, walk, expected: { ...CLOSED, transitions, ownerHears } };
}

/** Where the systems of all agencies are, and what would else be looked for every half a minute. */
export function drillInstance(inbox: Inbox): Pick<InstanceOptions, 'env'> {
  const notices = (...subsystems: readonly string[]) => subsystems.map((one) => `${one}=${inbox.url}`).join(',');
  const soon = { KEREGE_CONNECTOR_RECEIPT_INTERVAL_MS: '500', KEREGE_CONNECTOR_NOTICE_TIMEOUT_MS: '5000' };
  return {
    env: {
      cn1: { ...soon, KEREGE_CONNECTOR_NOTICES: notices(OWNER) },
      cn2: { ...soon, KEREGE_CONNECTOR_NOTICES: notices(...RECIPIENTS) },
      gateway: { KEREGE_GATEWAY_VERIFICATIONS_EVERY_MS: '1000' },
    },
  };
}

export interface DrillReport {
  readonly seed: number;
  readonly rows: readonly Row[];
  readonly breaches: readonly CaseBreach[];
  /** Paths that did not come to their end, and why. */
  readonly stuck: readonly string[];
  readonly tookMs: number;
}

export interface DrillOptions {
  readonly instance: Instance;
  readonly inbox: Inbox;
  readonly seed: number;
  readonly killMs: number;
  /** Those of one wave side by side, the waves one after the other. */
  readonly waves: (random: Random, scene: Scene) => readonly (readonly Path[])[];
}

/** Walks all paths side by side while processes are killed, waits for rest, and has log and inboxes judged. */
export async function drill({ instance, inbox, seed, killMs, waves }: DrillOptions): Promise<DrillReport> {
  const startedMs = Date.now();
  const random = new Random(seed);
  const log = await LogWatch.start(instance.auditUrl);
  try {
    const actors = new Actors(instance);
    const reaper = new Reaper(instance);
    const rows: Row[] = [];
    const scene: Scene = { actors, inbox, log, reaper, random, rows, killUntilMs: 0 };
    const cases: ExpectedCase[] = [];
    const stuck: string[] = [];
    for (const wave of waves(random, scene)) {
      const all: Walk[] = [];
      for (const path of wave) {
        const person = await actors.person(personAt(cases.length), newExchangeId(), path.service);
        cases.push(expectedOf(person, path.expected));
        all.push(new Walk(scene, person, path));
      }
      // Signing in takes its time.
      if (scene.killUntilMs === 0) scene.killUntilMs = Date.now() + killMs;
      const stay = (path: Path, cause: unknown) => void stuck.push(`${path.path}: ${String(cause)}`);
      await Promise.all(
        wave.map((path, at) => path.walk(all[at] as Walk).catch((cause: unknown) => stay(path, cause))),
      );
    }
    const breaches = await atRest(scene, cases);
    return { seed, rows, breaches, stuck, tookMs: Date.now() - startedMs };
  } finally {
    await log.stop();
  }
}

/** Nobody exists; the first ones are everybody's examples. */
function personAt(place: number): string {
  return `TEST${String(place + 11).padStart(6, '0')}`;
}

function expectedOf({ correctionId, subject }: Person, expected: Path['expected']): ExpectedCase {
  return { id: correctionId, subject, portal: MYGOV, owner: OWNER, ...expected };
}

/** What is judged too early is only not there yet. */
async function atRest({ log, inbox, reaper }: Scene, cases: readonly ExpectedCase[]): Promise<CaseBreach[]> {
  const untilMs = Date.now() + REST_MS;
  const recipients = RECIPIENTS.map((to) => [to, ['cn2', 'postgres']]);
  const bringers = { ...Object.fromEntries(recipients), [OWNER]: ['cn1', 'postgres'] };
  for (;;) {
    const { leaves = [], tileHashes = [] } = log.copy ?? {};
    const breaches = judgeCases({ cases, leaves, tileHashes, brought: inbox.brought, deaths: reaper.deaths, bringers });
    if (breaches.length === 0 || Date.now() >= untilMs) return breaches;
    await delay(500);
  }
}
