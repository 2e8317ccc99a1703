import { decide, decideTerms, type AccessQuestion, type CallTerms } from '#access';
import type { ServiceId, SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { buildWorld } from '#testing';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';

const AGREEMENTS = 10_000;
const PROVIDERS = 50;
/** Agreements of one consumer on one service; the others have one each. A thousand is beyond what a provider would write. */
const CROWDED = [10, 100, 1_000];
const ENDPOINTS = Array.from({ length: 10 }, (_, at) => `GET /${String.fromCharCode(97 + at)}/{pin}`);
const GOAL_US = 20;
const EXTREME = 1_000;
/** Until the compiler has seen enough of it. */
const LEAST_WARM_UP_S = 1;
const AT = Date.parse('2026-11-26T12:00:00Z');
/** Thursday noon is within. */
const HOURS = '{ days: [1, 2, 3, 4, 5], from: "08:00", until: "20:00", timeZone: Asia/Baku }';

interface Scenario {
  readonly name: string;
  readonly consumer: string;
  readonly service: string;
  readonly endpoint: string;
  readonly purpose?: string;
  readonly verdict: string;
  /** Shown, and no part of the goal: agreements of one pair are walked. */
  readonly isExtreme?: boolean;
}

/**
 * What one decision costs at 10,000 agreements of a real registry view: `decide` with `decideTerms`, as gateway and
 * connector ask them for each call; by CPU time, which is ours alone on a machine that others use too.
 */
export async function accessBenchmark(settings: BenchSettings): Promise<object> {
  say(await describeMachine(settings));
  const perProvider = Math.floor((AGREEMENTS - CROWDED.reduce((sum, n) => sum + n)) / PROVIDERS);
  const { view } = await buildWorld({ definition: () => definition(perProvider) });
  const count = view.members().flatMap(({ subsystems }) => subsystems.flatMap(({ agreements }) => agreements)).length;
  say(`access: ${count} agreements, ${ENDPOINTS.length} endpoints a service; decide and decideTerms, CPU time`);
  const outcome: Record<string, object> = {};
  let worst = 0;
  for (const scenario of scenarios(perProvider)) {
    const each = Array.from({ length: settings.runs }, () => microseconds(view, scenario, settings));
    const cost = Math.max(...each);
    if (scenario.isExtreme !== true) worst = Math.max(worst, cost);
    say(
      `  ${scenario.name.padEnd(54)} ${cost.toFixed(2).padStart(8)} µs   ≤ ${GOAL_US}: ${cost <= GOAL_US ? 'yes' : 'no'}`,
    );
    outcome[scenario.name] = { microseconds: each, verdict: scenario.verdict };
  }
  say(`  worst ${worst.toFixed(2)} µs ≤ ${GOAL_US}: ${worst <= GOAL_US ? 'yes' : 'no'}`);
  return { benchmark: 'access', agreements: count, worst, isWithinGoal: worst <= GOAL_US, ...outcome };
}

function scenarios(perProvider: number): Scenario[] {
  const first = { consumer: consumerId(0), service: serviceIdOf(0), endpoint: ENDPOINTS[9] ?? '' };
  return [
    { name: 'one agreement, allowed', ...first, verdict: 'allowed' },
    { name: 'one agreement, purpose stated', ...first, purpose: 'p0', verdict: 'allowed' },
    { name: 'no agreement', ...first, consumer: consumerId(perProvider + 1), verdict: 'agreement-missing' },
    { name: 'unknown endpoint', ...first, endpoint: 'GET /none', verdict: 'endpoint-unknown' },
    ...CROWDED.flatMap((n, at): Scenario[] => {
      const pair = { consumer: crowdedId(at), service: serviceIdOf(at), endpoint: ENDPOINTS[0] ?? '' };
      const isExtreme = n >= EXTREME;
      return [
        // The last of them is the one that allows.
        {
          name: `${n} agreements of one pair, the last one allows`,
          ...pair,
          purpose: 'p1',
          verdict: 'allowed',
          isExtreme,
        },
        {
          name: `${n} agreements of one pair, none for the purpose`,
          ...pair,
          purpose: 'p2',
          verdict: 'purpose-not-agreed',
          isExtreme,
        },
      ];
    }),
  ];
}

function microseconds(view: RegistryView, scenario: Scenario, { seconds, warmUpSeconds }: BenchSettings): number {
  const { consumer, service, endpoint, purpose } = scenario;
  const question: AccessQuestion = {
    ...{ consumer: consumer as SubsystemId, service: service as ServiceId, endpoint, purpose, atMs: AT },
  };
  const call: CallTerms = { subjectKind: 'TEST/PIN', headers: [{ name: 'x-road-issue', value: 'case 7' }] };
  const once = () => {
    const permit = decide(view, question);
    const terms = permit.ok ? decideTerms(permit.value, call) : permit;
    return terms.ok ? 'allowed' : terms.reason;
  };
  if (once() !== scenario.verdict)
    throw loadErrors.error('bench-wrong-answer', { details: { reason: `${scenario.name}: ${once()}` } });
  for (
    const untilMs = performance.now() + Math.max(LEAST_WARM_UP_S, warmUpSeconds / 5) * 1_000;
    performance.now() < untilMs;
  )
    once();
  const started = process.cpuUsage();
  let count = 0;
  for (const untilMs = performance.now() + (seconds * 1_000) / 5; performance.now() < untilMs; count += 100)
    for (let at = 0; at < 100; at += 1) once();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / count;
}

const consumerId = (at: number) => `TEST/COM/${2000 + at}/it`;
const crowdedId = (at: number) => `TEST/COM/${900 + at}/it`;
const serviceIdOf = (at: number) => `TEST/GOV/${1001 + at}/register/data`;

/** Each provider grants one agreement to each of as many consumers; the crowded pairs come on top. */
function definition(perProvider: number): string {
  const agreement = (consumer: string, purpose: string, endpoints: readonly string[]) =>
    `          - { consumer: ${consumer}, service: data, endpoints: ${JSON.stringify(endpoints)}, purposes: [${purpose}], hours: ${HOURS}, subjectKinds: [TEST/PIN], context: [issue], from: 2021-01-01, until: 2099-12-31 }`;
  const short = (id: string) => id.split('/').slice(1).join('/');
  const provider = (at: number) => {
    const crowd = CROWDED[at] ?? 0;
    const crowded = Array.from({ length: crowd }, (_, n) =>
      agreement(short(crowdedId(at)), n === crowd - 1 ? 'p1' : 'p0', ENDPOINTS),
    );
    const plain = Array.from({ length: perProvider }, (_, n) => agreement(short(consumerId(n)), 'p0', ENDPOINTS));
    return `  - id: GOV/${1001 + at}
    name: { en: Register ${at} }
    subsystems:
      - code: register
        services:
          - code: data
            timeoutMs: 5000
            subject: { type: PIN, country: TEST, from: { path: pin } }
            endpoints: [${ENDPOINTS.map((endpoint) => `{ endpoint: '${endpoint}' }`).join(', ')}]
        agreements:
${[...plain, ...crowded].join('\n')}`;
  };
  const member = (id: string) =>
    `  - { id: ${short(id).split('/').slice(0, 2).join('/')}, name: { en: Consumer }, subsystems: [{ code: it }] }`;
  const consumers = [
    ...Array.from({ length: perProvider + 2 }, (_, at) => consumerId(at)),
    ...CROWDED.map((_, at) => crowdedId(at)),
  ];
  return `instance: TEST
purposes:
${['p0', 'p1', 'p2'].map((code) => `  - { code: ${code}, title: { en: Purpose }, legalBasis: LB }`).join('\n')}
legalBases: [{ code: LB, title: { en: Law }, reference: Act }]
members:
${[...Array.from({ length: PROVIDERS }, (_, at) => provider(at)), ...consumers.map(member)].join('\n')}
instances:
  - { id: registry1, kind: registry, runBy: GOV/1001 }
`;
}
