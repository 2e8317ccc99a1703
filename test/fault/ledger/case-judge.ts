import type { Leaf } from './leaf.js';

/** One bringing of a notice to an agency's own system, by that system's list. */
export interface Brought {
  /** Subsystem. */
  readonly to: string;
  readonly id: string;
  readonly kind: string;
  /** As JSON text, to compare. */
  readonly content: string;
  /** What it is about: `correctionId` of its content, or its `subject`. */
  readonly about: string;
  /** Of a notice of what became of a case. */
  readonly what: string | undefined;
  readonly isReopened: boolean;
  readonly atMs: number;
  /** When the whole of a 2xx was on its way back; undefined: the connection broke before. */
  readonly acknowledgedMs: number | undefined;
}

/** A process that was killed. */
export interface Death {
  readonly victim: string;
  readonly killedMs: number;
  readonly backMs: number;
}

/** What a case has to look like once it has come to rest. */
export interface ExpectedCase {
  readonly id: string;
  /** `COUNTRY/TYPE/CODE`. */
  readonly subject: string;
  readonly portal: string;
  /** Who has it in the end. */
  readonly owner: string;
  /** Those who handed it on. */
  readonly formerOwners?: readonly string[];
  readonly ends: 'CLOSED' | 'WITHDRAWN';
  /** What is stated, without `correction.`; each as often as it stands here. Order is the machine's. */
  readonly transitions: readonly string[];
  /** What the owner's system is told: kinds, with `what` behind where there is one. */
  readonly ownerHears: readonly string[];
  /** Who is told, once, that the value is corrected, and acknowledges it, once. */
  readonly recipients: readonly string[];
}

export interface CaseLedgers {
  readonly cases: readonly ExpectedCase[];
  readonly leaves: readonly Leaf[];
  readonly tileHashes: readonly string[];
  readonly brought: readonly Brought[];
  readonly deaths: readonly Death[];
  /** Processes through which each subsystem's notices are brought, its database among them. */
  readonly bringers: Readonly<Record<string, readonly string[]>>;
}

export type CaseRule =
  | 'slot'
  | 'chain'
  | 'states'
  | 'transitions'
  | 'signers'
  | 'end'
  | 'owner-told'
  | 'recipient-told'
  | 'brought-again'
  | 'acknowledged'
  | 'log';

export interface CaseBreach {
  readonly rule: CaseRule;
  readonly subject: string;
  readonly what: string;
}

/** From which states to which, by `corrections.md` §5 and §6; `=` keeps the state. */
const STATES: Readonly<Record<string, readonly [from: readonly string[], to: readonly string[]]>> = {
  submitted: [['DRAFT'], ['SUBMITTED']],
  routed: [['SUBMITTED', 'TRANSFERRED'], ['ROUTED']],
  received: [['ROUTED'], ['RECEIVED']],
  transferred: [['RECEIVED', 'IN_REVIEW'], ['TRANSFERRED']],
  'review-started': [['RECEIVED', 'REOPENED'], ['IN_REVIEW']],
  'info-requested': [['IN_REVIEW'], ['NEEDS_INFO']],
  'info-provided': [['NEEDS_INFO'], ['IN_REVIEW']],
  extended: [['IN_REVIEW'], ['=']],
  decided: [['IN_REVIEW'], ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED']],
  corrected: [['ACCEPTED', 'PARTIALLY_ACCEPTED'], ['CORRECTED']],
  propagating: [['CORRECTED'], ['PROPAGATING']],
  verified: [['CORRECTED', 'PROPAGATING', 'CLOSED'], ['=']],
  closed: [['PROPAGATING', 'REJECTED'], ['CLOSED']],
  withdrawn: [['SUBMITTED', 'ROUTED', 'RECEIVED', 'IN_REVIEW', 'NEEDS_INFO', 'REOPENED'], ['WITHDRAWN']],
  reopened: [['REJECTED', 'CLOSED', 'CORRECTED', 'PROPAGATING'], ['REOPENED']],
};
const BY_PORTAL = ['submitted', 'info-provided', 'verified', 'withdrawn', 'reopened'];
const BY_BUS = ['routed', 'propagating', 'closed'];
const TRANSITION = /^correction\./;
const ACKNOWLEDGED = 'correction.recipient-acked';

/** Holds log and inboxes against what has to be there; nothing that it finds is explained away by who was killed when. */
export function judgeCases(ledgers: CaseLedgers): CaseBreach[] {
  return [
    ...judgeLog(ledgers),
    ...ledgers.cases.flatMap((one) => [...judgeLeaves(one, ledgers), ...judgeTold(one, ledgers)]),
    ...judgeSigners(ledgers),
    ...judgeBrought(ledgers),
    ...judgeAcknowledged(ledgers),
  ];
}

function judgeLog({ leaves, tileHashes }: CaseLedgers): CaseBreach[] {
  return leaves.flatMap(({ index, hash }) =>
    tileHashes[index] === hash ? [] : [{ rule: 'log', subject: `leaf ${index}`, what: 'its tile has another hash' }],
  );
}

function judgeLeaves(expected: ExpectedCase, { leaves }: CaseLedgers): CaseBreach[] {
  const own = leaves.filter(({ t, id }) => id === expected.id && TRANSITION.test(t));
  const breach = (rule: CaseRule, what: string): CaseBreach => ({ rule, subject: expected.id, what });
  const slots = own.map(({ seq }) => seq ?? 0);
  const wanted = own.map((_, place) => place + 1);
  const chained = own.flatMap((leaf, place) => judgeLink(leaf, own[place - 1]).map((what) => breach('chain', what)));
  const moved = own.flatMap((leaf) => (isAllowed(leaf) ? [] : [breach('states', `${nameOf(leaf)}: ${movesOf(leaf)}`)]));
  // The end of a term is told by the clock, whatever is expected.
  const stated = own.map(nameOf).filter((name) => !/^(deadline-|escalated)/.test(name));
  const last = own.findLast(({ was, now }) => was !== now)?.now;
  return [
    ...(slots.join() === wanted.join() ? [] : [breach('slot', `its slots are ${slots.join(' ')}`)]),
    ...chained,
    ...moved,
    ...differences(expected.transitions, stated).map((what) => breach('transitions', what)),
    ...(last === expected.ends ? [] : [breach('end', `it stands at ${last ?? 'nothing'}`)]),
    ...own.flatMap(({ from, to }) =>
      from === expected.portal && [expected.owner, ...(expected.formerOwners ?? [])].includes(to ?? '')
        ? []
        : [breach('chain', `${from} to ${to}`)],
    ),
  ];
}

function judgeLink(leaf: Leaf, before: Leaf | undefined): string[] {
  const { prev, was } = leaf;
  return [
    ...(prev === before?.hash ? [] : [`${nameOf(leaf)} does not name the leaf before it`]),
    ...(was === (before?.now ?? 'DRAFT') ? [] : [`${nameOf(leaf)} was ${was}, before it stands ${before?.now}`]),
  ];
}

function isAllowed(leaf: Leaf): boolean {
  const { was = '', now = '' } = leaf;
  const name = nameOf(leaf);
  if (/^(deadline-|escalated)/.test(name)) return was === now;
  const [from, to] = STATES[name] ?? [[], []];
  return from.includes(was) && (to.includes(now) || (to.includes('=') && was === now));
}

/** Portal, each owner and bus sign with a key of their own. */
function judgeSigners({ cases, leaves }: CaseLedgers): CaseBreach[] {
  const ids = new Set(cases.map(({ id }) => id));
  const keys = new Map<string, Set<string>>();
  for (const leaf of leaves) {
    const name = nameOf(leaf);
    if (!ids.has(leaf.id) || leaf.seq === undefined || STATES[name] === undefined) continue;
    const party = BY_PORTAL.includes(name) ? 'portal' : BY_BUS.includes(name) ? 'bus' : `owner ${leaf.to}`;
    keys.set(party, (keys.get(party) ?? new Set()).add(leaf.kid));
  }
  const used = [...keys.values()].flatMap((kids) => [...kids]);
  return [
    ...[...keys].flatMap(([party, { size }]) => (size === 1 ? [] : [`the ${party} signs with ${size} keys`])),
    ...(new Set(used).size === used.length ? [] : ['two parties sign with one key']),
  ].map((what) => ({ rule: 'signers', subject: 'all cases', what }));
}

function judgeTold(expected: ExpectedCase, { brought }: CaseLedgers): CaseBreach[] {
  const notices = distinct(brought);
  const toOwner = notices.filter(({ to, about }) => to === expected.owner && about === expected.id);
  const heard = toOwner
    .filter(({ what }) => what?.startsWith('deadline-') !== true)
    .map(({ kind, what }) => (what === undefined ? kind : `${kind} ${what}`));
  const toRecipients = notices.filter(({ kind, about }) => kind === 'data.corrected' && about === expected.subject);
  const doubted = toRecipients.filter(({ isReopened }) => isReopened).map(({ to }) => `${to} hears that it is doubted`);
  const subject = expected.id;
  return [
    ...differences(expected.ownerHears, heard).map((what) => ({ rule: 'owner-told' as const, subject, what })),
    ...[
      ...differences(
        expected.recipients,
        toRecipients.map(({ to }) => to),
      ),
      ...doubted,
    ].map((what) => ({ rule: 'recipient-told' as const, subject, what })),
  ];
}

/**
 * Under one id it is one notice, always with the same words, and somebody took it. It may come again only if that may not
 * be known to whoever brings it: the connection broke, or a process that brings it died meanwhile or soon after.
 */
function judgeBrought({ brought, deaths, bringers }: CaseLedgers): CaseBreach[] {
  return distinct(brought).flatMap(({ id, to }) => {
    const times = brought.filter((one) => one.id === id && one.to === to).sort((a, b) => a.atMs - b.atMs);
    const breach = (what: string): CaseBreach => ({ rule: 'brought-again', subject: `${to} ${id}`, what });
    const isSame = new Set(times.map(({ content, kind }) => `${kind} ${content}`)).size === 1;
    const isTaken = times.some(({ acknowledgedMs }) => acknowledgedMs !== undefined);
    const doubled = times.slice(1).filter((again, place) => {
      const { atMs, acknowledgedMs } = times[place] as Brought;
      const died = deaths.some(
        ({ victim, killedMs }) => bringers[to]?.includes(victim) === true && killedMs >= atMs && killedMs <= again.atMs,
      );
      return acknowledgedMs !== undefined && !died;
    });
    return [
      ...(isSame ? [] : [breach('it comes with other words')]),
      ...(isTaken ? [] : [breach('nobody has acknowledged it')]),
      ...doubled.map(() => breach('it comes again, though it was acknowledged and nobody died')),
    ];
  });
}

/** The log does not tell of which case an acknowledgement is: each member says as many as it was told. */
function judgeAcknowledged({ cases, leaves }: CaseLedgers): CaseBreach[] {
  const expected = cases.flatMap(({ recipients }) => recipients);
  const said = leaves.filter(({ t }) => t === ACKNOWLEDGED);
  const ids = new Set(said.map(({ id }) => id));
  return [
    ...differences(
      expected,
      said.map(({ from }) => from ?? ''),
    ),
    ...(ids.size === said.length ? [] : ['one id stands twice']),
  ].map((what) => ({ rule: 'acknowledged', subject: 'all cases', what }));
}

function distinct(brought: readonly Brought[]): Brought[] {
  return [...new Map(brought.map((one) => [`${one.to} ${one.id}`, one])).values()];
}

/** What is there too often or not often enough. */
function differences(expected: readonly string[], found: readonly string[]): string[] {
  const names = [...new Set([...expected, ...found])];
  const count = (list: readonly string[], name: string) => list.filter((one) => one === name).length;
  return names.flatMap((name) => {
    const [wanted, there] = [count(expected, name), count(found, name)];
    return wanted === there ? [] : [`${name}: ${there} times instead of ${wanted}`];
  });
}

function nameOf({ t }: Leaf): string {
  return t.replace(TRANSITION, '');
}

function movesOf({ was, now }: Leaf): string {
  return `${was} to ${now}`;
}
