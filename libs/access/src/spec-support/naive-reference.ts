import type { AccessQuestion } from '../decide.js';
import type { CallTerms } from '../terms.js';
import type { Facts, Grant } from './random-registry.js';

/**
 * The rules of access again, by somebody who knows only their text: a call passes if one agreement holds the whole of it.
 * Slow and without reasons; shares no code with what it judges.
 */
export function mayPass(facts: Facts, question: AccessQuestion, call: CallTerms): boolean {
  if (!isOnOffer(facts, question)) return false;
  const between = facts.grants.filter((grant) => isBetween(grant, question));
  const purposes = new Set(between.flatMap(({ agreement }) => agreement.purposes));
  const purpose = question.purpose ?? (purposes.size === 1 ? [...purposes].join('') : '');
  const catalogued = facts.purposes.find(({ code }) => code === purpose);
  if (catalogued === undefined || !facts.legalBases.includes(catalogued.legalBasis)) return false;
  if (question.legalBasis !== undefined && question.legalBasis !== catalogued.legalBasis) return false;
  return between.some((grant) => coversWhole(grant, purpose, question.atMs, call));
}

function isOnOffer(facts: Facts, question: AccessQuestion): boolean {
  const provider = question.service.slice(0, question.service.lastIndexOf('/'));
  return (
    [question.consumer, provider].every((id) => facts.subsystems.includes(id)) &&
    facts.services.some(
      ({ id, isOff, endpoints }) =>
        id === question.service && !isOff && endpoints.some((endpoint) => endpoint === question.endpoint),
    ) &&
    !facts.suspended.some((name) => isPartOf(question, name))
  );
}

/** Whether what is suspended is the consumer, the service, its endpoint, or whom either belongs to. */
function isPartOf({ consumer, service, endpoint }: AccessQuestion, name: string): boolean {
  return (
    [`${consumer}/`, `${service}/`].some((id) => id.startsWith(`${name}/`)) || name === `${service} ${endpoint ?? ''}`
  );
}

function isBetween({ consumer, service, agreement }: Grant, question: AccessQuestion): boolean {
  const now = new Date(question.atMs).toISOString();
  if (consumer !== question.consumer || service !== question.service) return false;
  return (
    (agreement.from ?? '') <= now &&
    now < agreement.until &&
    agreement.stopped === undefined &&
    agreement.endpoints.some((endpoint) => endpoint === question.endpoint)
  );
}

function coversWhole({ agreement }: Grant, purpose: string, atMs: number, call: CallTerms): boolean {
  const { subjectKinds, hours, context, purposes } = agreement;
  const stated = new Set(call.headers.map(({ name }) => name.toLowerCase()));
  const names: Record<string, string> = { issue: 'x-road-issue', 'user-id': 'x-road-userid' };
  return (
    purposes.includes(purpose) &&
    (subjectKinds === undefined || subjectKinds.some((kind) => kind === call.subjectKind)) &&
    (hours === undefined || isClockWithin(hours, atMs)) &&
    (context ?? []).every((field) => stated.has(names[field] ?? ''))
  );
}

/** By what a clock on a wall of that zone shows. */
function isClockWithin(hours: NonNullable<Grant['agreement']['hours']>, atMs: number): boolean {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: hours.timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const shown = Object.fromEntries(clock.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(shown['weekday'] ?? '') + 1;
  const time = `${shown['hour'] ?? ''}:${shown['minute'] ?? ''}`;
  return hours.days.includes(day) && hours.from <= time && time < hours.until;
}
