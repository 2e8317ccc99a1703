import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { newExchangeId, toBase64Url } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type Statement, type StatementPayload } from '#signing';
import type { CountedPlace, ExportedOpening } from './recount-recipients.js';

export const ELEMENTS = ['birth', 'address', 'name'] as const;
export const SNAPSHOTS = 8;
export const START_MS = Date.parse('2026-11-01T08:00:00Z');
const CONSUMERS = ['TEST/GOV/1001/a', 'TEST/GOV/1002/b', 'TEST/COM/2001/c'];
const SERVICES = ['TEST/GOV/1003/register/persons', 'TEST/GOV/1003/register/houses', 'TEST/GOV/1004/archive/deeds'];
const ENDPOINTS = ['GET /{pin}', 'POST /find'];
const H = `h1:${'A'.repeat(43)}`;

/** An exchange about one person, and what may be odd about it. */
interface DrawnExchange {
  readonly consumer: number;
  readonly service: number;
  readonly endpoint: number;
  readonly at: number;
  /** Which leaf tells whose data it is. */
  readonly told: 'request' | 'answer' | 'both' | 'nowhere';
  /** Before the person in the same leaf: somebody else. */
  readonly others: number;
  readonly end: 'answered' | 'refused' | 'silent';
  readonly status: number;
  readonly snap: number;
  /** In which word an answer disagrees with its request; such a one does not count. */
  readonly forged: 'none' | 'id' | 'from' | 'to' | 'prev';
  readonly endpointInstead: number;
  /** The consumer says that it failed, too. */
  readonly isDisowned: boolean;
}

export interface DrawnHistory {
  readonly exchanges: readonly DrawnExchange[];
  readonly element: number;
  readonly since: number;
}

const exchange: fc.Arbitrary<DrawnExchange> = fc.record({
  consumer: fc.nat(CONSUMERS.length - 1),
  service: fc.nat(SERVICES.length - 1),
  endpoint: fc.nat(ENDPOINTS.length - 1),
  at: fc.nat(20),
  told: fc.constantFrom('request', 'request', 'answer', 'both', 'nowhere'),
  others: fc.nat(1),
  end: fc.constantFrom('answered', 'answered', 'answered', 'refused', 'silent'),
  status: fc.constantFrom(200, 200, 204, 199, 299, 300, 404, 500),
  snap: fc.integer({ min: 1, max: SNAPSHOTS }),
  forged: fc.constantFrom('none', 'none', 'none', 'none', 'id', 'from', 'to', 'prev'),
  endpointInstead: fc.constantFrom(-1, -1, -1, 0, 1),
  isDisowned: fc.boolean(),
});

export const history: fc.Arbitrary<DrawnHistory> = fc.record({
  exchanges: fc.array(exchange, { maxLength: 7 }),
  element: fc.nat(ELEMENTS.length - 1),
  since: fc.constantFrom(0, 0, 5, 10, 21),
});

const ALL_PLACES: readonly CountedPlace[] = SERVICES.flatMap((service) =>
  ENDPOINTS.flatMap((endpoint) => ELEMENTS.map((element) => ({ service, endpoint, element }))),
);

/** What elements stand where, by number; some say the same as the one before. */
export const snapshots: fc.Arbitrary<readonly (readonly CountedPlace[])[]> = fc
  .array(fc.option(fc.subarray([...ALL_PLACES], { minLength: ALL_PLACES.length / 3 }), { freq: 3 }), {
    minLength: SNAPSHOTS,
    maxLength: SNAPSHOTS,
  })
  .map((drawn) => {
    let before: readonly CountedPlace[] = [];
    return drawn.map((places) => (before = places ?? before));
  });

/** A history as leaves, with what opens them. */
export interface LaidHistory {
  readonly statements: readonly Statement[];
  readonly openings: readonly (ExportedOpening & { readonly index: number })[];
}

const signer = jwkSigner(generateSigningKey());

/** `firstIndex`: where its first leaf stands in the log. */
export async function statedHistory(drawn: DrawnHistory, subject: string, firstIndex: number): Promise<LaidHistory> {
  const statements: Statement[] = [];
  const openings: LaidHistory['openings'][number][] = [];
  const add = async (payload: object, tells: number | undefined) => {
    const statement = await signStatement(payload as StatementPayload, signer);
    const index = firstIndex + statements.length;
    if (tells !== undefined)
      openings.push({ index, leafHash: statement.leafHash.toString('hex'), position: tells, subject });
    statements.push(statement);
    return statement;
  };
  for (const one of drawn.exchanges) {
    const tells = (where: 'request' | 'answer') =>
      one.told === where || one.told === 'both' ? { subj: commitments(one.others + 1) } : { subj: [] };
    const place = (where: 'request' | 'answer') => (tells(where).subj.length > 0 ? one.others : undefined);
    const parties = partiesOf(one);
    const asked = { ...base('exchange.requested', one), ...parties, ...tells('request') };
    const request = await add({ ...asked, pur: 'benefit', law: 'LB-1', req: H, snap: one.snap }, place('request'));
    const sequel = { ...parties, id: asked.id, ts: asked.ts + 40, v: 1, prev: toBase64Url(request.leafHash) };
    if (one.end === 'answered') {
      const subj = tells('answer').subj;
      const said = { t: 'exchange.answered', st: one.status, res: H, snap: one.snap };
      const answer = { ...sequel, ...said, ...(subj.length > 0 ? { subj } : {}), ...forged(one) };
      await add({ ...answer, ep: ENDPOINTS[one.endpointInstead] ?? answer.ep }, place('answer'));
    }
    if (one.end === 'refused')
      await add({ ...sequel, t: 'exchange.refused', why: 'service-disabled', snap: one.snap }, undefined);
    if (one.isDisowned)
      await add({ ...sequel, t: 'exchange.failed', why: 'agency-timeout', side: 'provider-system' }, undefined);
  }
  return { statements, openings };
}

function base(t: string, { at }: DrawnExchange) {
  return { v: 1, t, id: newExchangeId(), ts: START_MS + at * 1_000 };
}

function partiesOf({ consumer, service, endpoint }: DrawnExchange) {
  const svc = SERVICES[service] ?? '';
  return {
    from: CONSUMERS[consumer] ?? '',
    to: svc.slice(0, svc.lastIndexOf('/')),
    svc,
    ep: ENDPOINTS[endpoint] ?? '',
  };
}

function forged({ forged: word, consumer }: DrawnExchange): object {
  switch (word) {
    case 'none':
      return {};
    case 'id':
      return { id: newExchangeId() };
    case 'from':
      return { from: CONSUMERS[(consumer + 1) % CONSUMERS.length] };
    case 'to':
      return { to: 'TEST/GOV/1005/other', svc: 'TEST/GOV/1005/other/persons' };
    case 'prev':
      return { prev: toBase64Url(createHash('sha256').update(randomBytes(8)).digest()) };
  }
}

/** Nobody opens them here: who they are about is laid beside them. */
function commitments(count: number): string[] {
  return Array.from({ length: count }, () => `c1:${toBase64Url(randomBytes(32))}`);
}
