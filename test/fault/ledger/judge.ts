import type { AgencyCall } from './agency-calls.js';
import type { Leaf } from './leaf.js';
import type { Head } from './log-reader.js';
import { claimOf, type AskedState, type Told } from './told.js';
import { rootsAt } from './tree.js';

/** The three ledgers, after everything has come to rest. */
export interface Ledgers {
  readonly told: readonly Told[];
  /** How exchanges stand of which a client was told no end, by the gateway's last word. */
  readonly states: readonly AskedState[];
  readonly calls: readonly AgencyCall[];
  readonly leaves: readonly Leaf[];
  readonly tileHashes: readonly string[];
  /** Every head that was ever seen. */
  readonly heads: readonly Head[];
}

export type Rule =
  | 'released-unlogged'
  | 'failure-unlogged'
  | 'accepted-lost'
  | 'no-outcome'
  | 'two-outcomes'
  | 'unsafe-twice'
  | 'unsafe-unlogged'
  | 'answered-uncalled'
  | 'denied-but-called'
  | 'leaf-twice'
  | 'conflict'
  | 'log-forked';

export interface Breach {
  readonly rule: Rule;
  /** The exchange, or whatever else it is about. */
  readonly subject: string;
  readonly what: string;
}

/** An exchange as the log has it. */
interface Story {
  readonly requested: Leaf | undefined;
  /** Every other leaf of that id. */
  readonly others: readonly Leaf[];
  /** Those that count (`statements.md` §2): they follow that very request, between the same parties. */
  readonly sequels: readonly Leaf[];
}

interface Case extends Ledgers {
  readonly stories: ReadonlyMap<string, Story>;
  readonly callsOf: ReadonlyMap<string, readonly AgencyCall[]>;
}

/** What time alone may mend: a leaf that is on its way, an exchange that is taken over when its gateway is given up. */
const MENDED_BY_TIME: ReadonlySet<Rule> = new Set(['failure-unlogged', 'accepted-lost', 'no-outcome']);

export function mayMend({ rule }: Breach): boolean {
  return MENDED_BY_TIME.has(rule);
}

/** Holds the ledgers against each other and against `bus.md` §4; what it returns must be empty. */
export function judge(ledgers: Ledgers): Breach[] {
  const { leaves, calls } = ledgers;
  const stories = new Map([...groupBy(leaves, ({ id }) => id)].map(([id, all]) => [id, storyOf(all)]));
  const judged: Case = { ...ledgers, stories, callsOf: groupBy(calls, ({ exchangeId }) => exchangeId ?? '') };
  return RULES.flatMap((rule) => rule(judged));
}

const RULES: readonly ((judged: Case) => Breach[])[] = [
  released,
  failures,
  accepted,
  outcomes,
  oneOutcome,
  unsafeOnce,
  calledAsLogged,
  deniedUncalled,
  leavesOnce,
  oneLog,
];

/** No stamp, no answer: a released answer has both its leaves, and the leaf says what the client was told. */
function released({ told, stories }: Case): Breach[] {
  return told.flatMap(({ answer }) => {
    if (answer.kind !== 'answered') return [];
    const story = stories.get(answer.exchangeId);
    const unlogged = (what: string) => [breach('released-unlogged', answer.exchangeId, what)];
    if (story?.requested === undefined) return unlogged('answered to the client, no requested leaf');
    const leaf = story.sequels.find(({ t }) => t === 'exchange.answered');
    if (leaf === undefined) return unlogged('answered to the client, no answered leaf');
    return leaf.st === answer.status ? [] : unlogged(`answered ${answer.status}, the leaf says ${String(leaf.st)}`);
  });
}

/** A failure that was told, now or by a later look at the exchange, is a leaf with the same reason. */
function failures({ told, states, stories }: Case): Breach[] {
  const claims = [...told.map(({ answer }) => claimOf(answer)), ...states.map((asked) => claimOfState(asked))];
  return claims.flatMap((claim) => {
    if (claim === undefined) return [];
    const { exchangeId, end } = claim;
    const leaves = stories.get(exchangeId)?.others ?? [];
    const isLogged = leaves.some(({ t, why }) => (end === 'answered' ? t === 'exchange.answered' : why === end));
    if (isLogged) return [];
    return [breach('failure-unlogged', exchangeId, `the client was told "${end}", no leaf says so`)];
  });
}

/** Whoever asks again learns the end of what was accepted. */
function accepted({ told, states }: Case): Breach[] {
  const open = states.filter(({ state }) => state === 'open');
  const known = new Set(states.map(({ exchangeId }) => exchangeId));
  const ended = new Set(told.flatMap(({ answer }) => claimOf(answer)?.exchangeId ?? []));
  const unasked = told.flatMap(({ answer }) => {
    const id = answer.kind === 'unanswered' ? answer.exchangeId : undefined;
    return id === undefined || known.has(id) || ended.has(id) ? [] : [id];
  });
  const lostOrders = [
    ...groupBy(
      told.filter(({ key }) => key !== undefined),
      ({ order }) => order,
    ),
  ].filter(([, tries]) => !tries.some(({ answer }) => claimOf(answer) !== undefined));
  return [
    ...open.map(({ exchangeId }) => breach('accepted-lost', exchangeId, 'still open when everything is at rest')),
    ...[...new Set(unasked)].map((id) =>
      breach('accepted-lost', id, 'a client has its id, and nobody could say how it ended'),
    ),
    ...lostOrders.map(([order]) =>
      breach('accepted-lost', order, 'asked again by its key to the last, and never told an end'),
    ),
  ];
}

/** Every request has a sequel, if only the sweeper's. */
function outcomes({ stories }: Case): Breach[] {
  return [...stories].flatMap(([id, { requested, sequels }]) =>
    requested === undefined || sequels.length > 0
      ? []
      : [breach('no-outcome', id, `requested at leaf ${requested.index}, nothing follows it`)],
  );
}

/**
 * Whoever tells the end of an exchange tells the same, and what was released was not disowned in the log. The bus's own
 * `no-outcome` counts only where nobody else has spoken (`statements.md` §3): it disowns nothing, early or late.
 */
function oneOutcome({ told, states, stories }: Case): Breach[] {
  const claims = [...told.map(({ answer }) => claimOf(answer)), ...states.map((asked) => claimOfState(asked))];
  const ends = groupBy(
    claims.flatMap((claim) => claim ?? []),
    ({ exchangeId }) => exchangeId,
  );
  return [...ends].flatMap(([id, all]) => {
    const distinct = [...new Set(all.map(({ end }) => end))];
    const story = stories.get(id);
    const disowned = story?.others.filter((leaf) => leaf.t === 'exchange.failed' && leaf.kid === story.requested?.kid);
    const failed = distinct.includes('answered') ? (disowned ?? []) : [];
    return [
      ...(distinct.length > 1 ? [breach('two-outcomes', id, distinct.join(' and '))] : []),
      ...failed.map(({ index, why = '' }) =>
        breach('two-outcomes', id, `answered to the client, and leaf ${index} says "${why}"`),
      ),
    ];
  });
}

/** An unsafe call reaches the agency once at most, by exchange and by the client's own order. */
function unsafeOnce({ calls }: Case): Breach[] {
  const unsafe = calls.filter(isUnsafe);
  const twice = (by: string, groups: ReadonlyMap<string, readonly AgencyCall[]>): Breach[] =>
    [...groups]
      .filter(([name, all]) => name !== '' && all.length > 1)
      .map(([name, all]) => breach('unsafe-twice', name, `${all.length} unsafe calls of one ${by}`));
  return [
    ...twice(
      'exchange',
      groupBy(unsafe, ({ exchangeId }) => exchangeId ?? ''),
    ),
    ...twice(
      'order',
      groupBy(unsafe, ({ messageId }) => messageId ?? ''),
    ),
  ];
}

/**
 * An unsafe call is made only for what is in the log; what was answered was asked of the agency. Of a safe call the
 * agency is told no exchange id: it is known by the client's name of the order.
 */
function calledAsLogged({ told, calls, callsOf, stories }: Case): Breach[] {
  const orders = new Set(calls.map(({ messageId }) => messageId));
  const unlogged = calls
    .filter((call) => isUnsafe(call) && stories.get(call.exchangeId ?? '')?.requested === undefined)
    .map(({ exchangeId }) => breach('unsafe-unlogged', exchangeId ?? '', 'the agency was called, no requested leaf'));
  const stated = [...stories]
    .filter(([id, { others }]) => others.some((leaf) => isUnsafeAnswered(leaf)) && !callsOf.has(id))
    .map(([id]) => breach('answered-uncalled', id, 'answered leaf of an unsafe call that the agency does not know'));
  const released = told.flatMap(({ answer, order }) =>
    answer.kind === 'answered' && !orders.has(order)
      ? [breach('answered-uncalled', answer.exchangeId, `answered to the client, the agency does not know ${order}`)]
      : [],
  );
  return [...unlogged, ...stated, ...released];
}

/** Reasons by which a provider says that it has not made the call. */
const NOT_CALLED: ReadonlySet<string> = new Set([
  'breaker-open',
  'journal-unavailable',
  'connector-busy',
  'no-receipt',
]);

/** Who is told that nothing was done may do it again: so nothing unsafe may have been done. */
function deniedUncalled({ stories, callsOf }: Case): Breach[] {
  return [...stories].flatMap(([id, story]) => {
    const denial = story.sequels.find(
      (leaf) => leaf.t === 'exchange.failed' && NOT_CALLED.has(leaf.why ?? '') && leaf.kid !== story.requested?.kid,
    );
    if (denial === undefined || callsOf.get(id)?.some(isUnsafe) !== true) return [];
    return [breach('denied-but-called', id, `leaf ${denial.index} says "${denial.why ?? ''}"`)];
  });
}

/** One set of leaves: nobody's request twice, nobody's word about its end twice. */
function leavesOnce({ leaves }: Case): Breach[] {
  const exchanges = leaves.filter(({ t }) => t.startsWith('exchange.'));
  const slots = groupBy(exchanges, ({ id, kid, t }) => `${id} ${kid} ${t === 'exchange.requested' ? 'c0' : 'end'}`);
  const twice = [...slots.values()]
    .filter((all) => all.length > 1)
    .map((all) =>
      breach('leaf-twice', all[0]?.id ?? '', `leaves ${all.map(({ index }) => index).join(', ')} of one signer`),
    );
  const conflicts = leaves
    .filter(({ t }) => t === 'exchange.conflict')
    .map(({ id, index }) => breach('conflict', id, `leaf ${index}: a consumer told two stories`));
  return [...twice, ...conflicts];
}

/** Everybody is shown the same log: each head that was ever seen is that of its first leaves, and tiles hash them. */
function oneLog({ heads, leaves, tileHashes }: Case): Breach[] {
  const hashes = leaves.map(({ hash }) => Buffer.from(hash, 'base64url'));
  const roots = rootsAt(
    hashes,
    heads.map(({ size }) => size),
  );
  const forks = heads
    .filter(({ size, root }) => roots.get(size) !== root)
    .map(({ size, root }) =>
      breach('log-forked', `head of ${size}`, `root ${root} was shown, the leaves give ${roots.get(size) ?? 'none'}`),
    );
  const wrong = leaves.findIndex(({ hash }, index) => tileHashes[index] !== hash);
  if (wrong < 0 && leaves.length === tileHashes.length) return forks;
  return [...forks, breach('log-forked', `leaf ${wrong}`, 'its hash is not the one in the tile')];
}

function storyOf(all: readonly Leaf[]): Story {
  const requested = all.find(({ t }) => t === 'exchange.requested');
  const others = all.filter(({ t }) => t !== 'exchange.requested');
  if (requested === undefined) return { requested, others, sequels: [] };
  const sequels = others.filter(
    ({ prev, from, to, svc }) =>
      prev === requested.hash && from === requested.from && to === requested.to && svc === requested.svc,
  );
  return { requested, others, sequels };
}

/** `failed` has three possible signers: the consumer's key made the request as well, the bus has one reason only. */
function claimOfState({ exchangeId, state, code }: AskedState) {
  if (state === 'open' || state === 'unknown') return undefined;
  return { exchangeId, end: code ?? state };
}

function isUnsafeAnswered({ t, ep }: Leaf): boolean {
  return t === 'exchange.answered' && !/^(GET|HEAD|OPTIONS) /.test(ep ?? '');
}

function isUnsafe({ method }: AgencyCall): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

function breach(rule: Rule, subject: string, what: string): Breach {
  return { rule, subject, what };
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, Item[]> {
  return Map.groupBy(items, nameOf);
}
