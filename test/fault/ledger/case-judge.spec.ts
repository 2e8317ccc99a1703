import { describe, expect, it } from '@jest/globals';
import { judgeCases, type Brought, type CaseLedgers, type CaseRule } from './case-judge.js';
import type { Leaf } from './leaf.js';
import { leafHash } from './tree.js';

const [PORTAL, OWNER, FUND, CLINIC] = ['T/G/1/portal', 'T/G/2/register', 'T/G/3/fund', 'T/C/4/clinic'];
const KEYS = { portal: 'key of the portal', owner: 'key of the owner', bus: 'key of the bus' };
const WALK: readonly [name: string, now: string, kid: string][] = [
  ['submitted', 'SUBMITTED', KEYS.portal],
  ['routed', 'ROUTED', KEYS.bus],
  ['received', 'RECEIVED', KEYS.owner],
  ['review-started', 'IN_REVIEW', KEYS.owner],
  ['decided', 'ACCEPTED', KEYS.owner],
  ['corrected', 'CORRECTED', KEYS.owner],
  ['propagating', 'PROPAGATING', KEYS.bus],
  ['verified', 'PROPAGATING', KEYS.portal],
  ['closed', 'CLOSED', KEYS.bus],
];
const EXPECTED = {
  ...{ id: 'x', subject: 'T/PIN/1', portal: PORTAL, owner: OWNER, ends: 'CLOSED' as const },
  transitions: WALK.map(([name]) => name),
  ownerHears: ['correction', 'correction.told closed'],
  recipients: [FUND, CLINIC],
};

/** Ledgers in which everything is right, and the means to break them. */
class World {
  leaves: Leaf[] = [];
  brought: Brought[] = [];
  deaths: CaseLedgers['deaths'] = [];
  expected: CaseLedgers['cases'] = [EXPECTED];

  constructor() {
    for (const [name, now, kid] of WALK) this.step(name, now, kid);
    for (const from of [FUND, CLINIC])
      this.leaf({ id: `word of ${from}`, t: 'correction.recipient-acked', from, now: 'APPLIED' });
    this.bring({ kind: 'correction' });
    this.bring({ kind: 'correction.told', what: 'closed' });
    for (const to of [FUND, CLINIC]) this.bring({ to, kind: 'data.corrected', about: EXPECTED.subject });
  }

  leaf(changes: Partial<Leaf>): void {
    const index = this.leaves.length;
    const absent = { svc: undefined, ep: undefined, prev: undefined, why: undefined, st: undefined };
    const hash = leafHash(Buffer.from(`leaf ${index}`)).toString('base64url');
    const parties = { from: PORTAL, to: OWNER };
    this.leaves.push({ index, hash, kid: KEYS.bus, t: '', id: 'x', ...parties, ...absent, ...changes });
  }

  step(name: string, now: string, kid: string, changes: Partial<Leaf> = {}): void {
    const before = this.leaves.findLast(({ id }) => id === 'x');
    const link = { prev: before?.hash, was: before?.now ?? 'DRAFT', seq: (before?.seq ?? 0) + 1 };
    this.leaf({ t: `correction.${name}`, now, kid, ...link, ...changes });
  }

  bring(changes: Partial<Brought>): void {
    const id = `notice ${this.brought.length}`;
    const told = { to: OWNER, id, kind: 'correction', content: '{}', about: 'x', what: undefined };
    this.brought.push({ ...told, isReopened: false, atMs: 10, acknowledgedMs: 11, ...changes });
  }

  change(at: number, changes: Partial<Leaf>): void {
    this.leaves[at] = { ...(this.leaves[at] as Leaf), ...changes };
  }

  get breaches(): CaseRule[] {
    const { leaves, brought, deaths, expected: cases } = this;
    const tileHashes = leaves.map((_, index) => leafHash(Buffer.from(`leaf ${index}`)).toString('base64url'));
    const bringers = { [OWNER]: ['cn1'], [FUND]: ['cn2'], [CLINIC]: ['cn2'] };
    return [...new Set(judgeCases({ cases, leaves, tileHashes, brought, deaths, bringers }).map(({ rule }) => rule))];
  }
}

describe('the judge of cases', () => {
  it('finds nothing where everything is right', () => {
    expect(new World().breaches).toEqual([]);
  });

  it.each<[string, CaseRule, (world: World) => void]>([
    ['a second leaf of one slot', 'slot', (world) => world.step('closed', 'CLOSED', KEYS.bus, { seq: 9 })],
    ['a slot that is left out', 'slot', (world) => world.change(8, { seq: 10 })],
    ['a leaf that names another before it', 'chain', (world) => world.change(3, { prev: 'another' })],
    ['a state that nobody left', 'chain', (world) => world.change(4, { was: 'NEEDS_INFO' })],
    ['another owner', 'chain', (world) => world.change(4, { to: FUND })],
    ['a transition that there is not', 'states', (world) => world.change(2, { now: 'IN_REVIEW' })],
    ['a transition twice', 'transitions', (world) => world.step('verified', 'CLOSED', KEYS.portal)],
    ['a transition that is lost', 'transitions', (world) => world.leaves.splice(8, 1)],
    ['a case that stands still', 'end', (world) => world.leaves.splice(8, 1)],
    ['an owner’s step that feedback signed', 'signers', (world) => world.change(4, { kid: KEYS.bus })],
    ['a leaf that its tile does not know', 'log', (world) => world.change(1, { hash: 'another' })],
    ['a request that is never brought', 'owner-told', (world) => world.brought.splice(0, 1)],
    ['a request under two ids', 'owner-told', (world) => world.bring({})],
    ['a recipient told by two notices', 'recipient-told', (world) => world.bring({ ...world.brought[2], id: 'new' })],
    ['a recipient who is not told', 'recipient-told', (world) => world.brought.splice(3, 1)],
    ['an acknowledgement twice', 'acknowledged', (world) => world.leaf({ ...world.leaves[9], id: 'word again' })],
    ['an acknowledgement that is lost', 'acknowledged', (world) => world.leaves.splice(10, 1)],
    [
      'a notice that nobody took',
      'brought-again',
      (world) => world.bring({ ...world.brought.pop(), acknowledgedMs: undefined }),
    ],
    ['a notice that comes again', 'brought-again', (world) => world.bring({ ...world.brought[2], atMs: 20 })],
    [
      'other words under the same id',
      'brought-again',
      (world) => {
        world.deaths = [{ victim: 'cn2', killedMs: 15, backMs: 18 }];
        world.bring({ ...world.brought[2], atMs: 20, content: '{"a":1}' });
      },
    ],
  ])('finds %s', (_, rule, spoil) => {
    const world = new World();
    spoil(world);
    expect(world.breaches).toContain(rule);
  });

  it('lets a notice come again under its id when who brought it has died, or has not heard the answer', () => {
    const world = new World();
    world.deaths = [{ victim: 'cn2', killedMs: 15, backMs: 18 }];
    world.bring({ ...world.brought[2], atMs: 20 });
    world.brought[3] = { ...(world.brought[3] as Brought), acknowledgedMs: undefined };
    world.bring({ ...world.brought[3], atMs: 20, acknowledgedMs: 21 });
    expect(world.breaches).toEqual([]);
  });
});
