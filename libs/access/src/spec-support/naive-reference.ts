import type { AccessQuestion } from '../decide.js';
import type { CallTerms } from '../terms.js';
import type { Acting, Facts, Grant } from './random-registry.js';

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

/**
 * Who must act, and whether the subject must have allowed it: what one agreement for the purpose asks for is asked for,
 * whichever of them the call rests on, at whatever hour it is open.
 */
export function mayAct(facts: Facts, question: AccessQuestion, purpose: string, acting: Acting): boolean {
  const { person, subject, isUnsafe } = acting;
  const asking = facts.grants.filter(
    (grant) => isBetween(grant, question) && grant.agreement.purposes.some((code) => code === purpose),
  );
  if (!asking.every(({ agreement }) => hasWhatIsAskedFor(agreement, question, acting))) return false;
  if (person === undefined || person.kind === 'official' || subject === undefined) return true;
  // A citizen acts on themselves and on whom they represent; where nobody knows yet whose data it is, not for good.
  if (subject === 'in-answer') return !isUnsafe;
  const names = [person.user, ...person.represents].map(({ country, type, code }) => `${country} ${type} ${code}`);
  return names.includes(`${subject.country} ${subject.type} ${subject.code}`);
}

/** Somebody of the kind that one agreement asks for at the endpoint, and the subject's leave where it asks for that. */
function hasWhatIsAskedFor(
  { endUser = {}, requiresLink = [] }: Facts['grants'][number]['agreement'],
  { endpoint }: AccessQuestion,
  { person, hasLink }: Acting,
): boolean {
  const kinds = { official: ['official'], subject: ['citizen'], any: ['official', 'citizen'] };
  const rules = Object.entries(endUser).filter(([at]) => at === endpoint);
  const isThere = rules.every(([, rule]) => person !== undefined && kinds[rule].includes(person.kind));
  return isThere && (hasLink || !requiresLink.some((at) => at === endpoint));
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
