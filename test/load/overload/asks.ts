import type { Ask } from './crowd.js';

const CITIZENS = 50;

interface Way {
  readonly client: string;
  readonly purpose: string;
  readonly target: (pin: string) => string;
}

const persons = (pin: string) => `/r1/DEMO/GOV/1001/population/persons/${pin}`;
const portal = { client: 'DEMO/GOV/1000/mygov', purpose: 'citizen-view' };

/** Who asks whom in the sandbox's instance. */
export const ways = {
  'portal: persons': { ...portal, target: persons },
  'portal: properties': {
    ...portal,
    target: (pin: string) => `/r1/DEMO/GOV/1002/cadastre/properties/?owner=${pin}`,
  },
  'portal: entitlements': {
    ...portal,
    target: (pin: string) => `/r1/DEMO/GOV/1003/benefits/entitlements/${pin}`,
  },
  'portal: visits': { ...portal, target: (pin: string) => `/r1/DEMO/COM/2001/clinic/visits/${pin}` },
  'fund: persons': { client: 'DEMO/GOV/1003/benefits', purpose: 'benefit-decision', target: persons },
  'clinic: persons': { client: 'DEMO/COM/2001/clinic', purpose: 'treatment', target: persons },
} as const satisfies Readonly<Record<string, Way>>;

export type WayName = keyof typeof ways;

/** So many callers, spread over the ways. */
export function asksOf(count: number, names = Object.keys(ways) as readonly WayName[]): Ask[] {
  return Array.from({ length: count }, (_, number) => {
    const group = names[number % names.length] ?? 'portal: persons';
    const { client, purpose, target } = ways[group];
    const pin = `TEST${String((number % CITIZENS) + 1).padStart(6, '0')}`;
    // With this face a refusal has its own status; X-Road's has 500 for all.
    const headers = { 'x-road-client': client, 'kerege-purpose': purpose, accept: 'application/problem+json' };
    return { group, path: target(pin), headers };
  });
}
