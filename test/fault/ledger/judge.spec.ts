import { describe, expect, it } from '@jest/globals';
import type { AgencyCall } from './agency-calls.js';
import { judge, type Ledgers, type Rule } from './judge.js';
import type { Leaf } from './leaf.js';
import { claimOf, type Told, type ToldAnswer } from './told.js';
import { leafHash, rootsAt } from './tree.js';

const CONSUMER = 'key of the consumer';
const PROVIDER = 'key of the provider';
const BUS = 'key of the bus';
const PARTIES = { from: 'T/G/1/portal', to: 'T/G/2/register', svc: 'T/G/2/register/claims', ep: 'POST /claims' };

/** Ledgers in which everything is right, and the means to break them. */
class World {
  readonly told: Told[] = [];
  readonly states: Ledgers['states'][number][] = [];
  readonly calls: AgencyCall[] = [];
  readonly leaves: Leaf[] = [];
  heads: Ledgers['heads'] | undefined;
  tileHashes: string[] | undefined;

  leaf(changes: Partial<Leaf>): Leaf {
    const index = this.leaves.length;
    const absent = { prev: undefined, why: undefined, st: undefined };
    const hash = leafHash(Buffer.from(`leaf ${index}`)).toString('base64url');
    const leaf = { index, hash, kid: CONSUMER, t: 'exchange.requested', id: 'x', ...PARTIES, ...absent, ...changes };
    this.leaves.push(leaf);
    return leaf;
  }

  requested(id: string): Leaf {
    return this.leaf({ id });
  }

  follow({ id, hash: prev }: Leaf, changes: Partial<Leaf>): Leaf {
    return this.leaf({ id, prev, kid: PROVIDER, t: 'exchange.failed', ...changes });
  }

  call(exchangeId: string, changes: Partial<AgencyCall> = {}): void {
    this.calls.push({
      agency: 'register',
      exchangeId,
      messageId: `order of ${exchangeId}`,
      method: 'POST',
      ...changes,
    });
  }

  tell(exchangeId: string, answer: ToldAnswer, changes: Partial<Told> = {}): void {
    const { from: consumer, svc: service } = PARTIES;
    const order = `order of ${exchangeId}`;
    this.told.push({
      order,
      consumer,
      service,
      isUnsafe: true,
      key: undefined,
      sentMs: 0,
      toldMs: 1,
      answer,
      ...changes,
    });
  }

  /** An unsafe exchange that went well. */
  good(id: string): Leaf {
    const requested = this.requested(id);
    this.call(id);
    this.follow(requested, { t: 'exchange.answered', st: 201 });
    this.tell(id, answered(id));
    return requested;
  }

  /** One that the gateway ended, as it said. */
  failed(id: string): Leaf {
    const requested = this.requested(id);
    this.follow(requested, { kid: CONSUMER, why: 'provider-unreachable' });
    this.tell(id, unanswered(id, 'provider-unreachable'));
    return requested;
  }

  rules(): Rule[] {
    const hashes = this.leaves.map(({ hash }) => Buffer.from(hash, 'base64url'));
    const sizes = [0, 1, 2, this.leaves.length].filter((size) => size <= this.leaves.length);
    const heads = this.heads ?? [...rootsAt(hashes, sizes)].map(([size, root]) => ({ size, root }));
    const tileHashes = this.tileHashes ?? this.leaves.map(({ hash }) => hash);
    const { told, states, calls, leaves } = this;
    return judge({ told, states, calls, leaves, heads, tileHashes }).map(({ rule }) => rule);
  }
}

const answered = (exchangeId: string, status = 201): ToldAnswer => {
  return { kind: 'answered', exchangeId, status, body: Buffer.alloc(0) };
};
const unanswered = (exchangeId: string | undefined, code: string, ended?: string): ToldAnswer => {
  return { kind: 'unanswered', exchangeId, status: 503, code, ended };
};

/** Good exchanges around the one that is broken: a rule must find it among others, and accuse nobody else. */
function rulesOf(breakIt: (world: World) => void): Rule[] {
  const world = new World();
  world.good('before');
  world.failed('failed before');
  breakIt(world);
  world.good('after');
  return world.rules();
}

describe('judge', () => {
  it('finds nothing in ledgers that agree', () => {
    const rules = rulesOf((world) => {
      // The gateway gave up, the provider's word came later: both stand, the client was told the gateway's.
      const late = world.failed('late');
      world.call('late');
      world.follow(late, { t: 'exchange.answered', st: 201 });
      // Nobody was told, the bus ended it.
      world.follow(world.requested('swept'), { kid: BUS, why: 'no-outcome' });
      // The bus ended it, the provider's word came later: that is the outcome (`statements.md` §3).
      world.follow(world.good('swept too early'), { kid: BUS, why: 'no-outcome' });
      // Told nothing at first, then by its key how it had ended.
      world.tell('keyed', { kind: 'nothing', why: 'ECONNRESET' }, { key: 'k' });
      world.tell('keyed', unanswered('keyed', 'exchange-open'), { key: 'k' });
      world.tell('keyed', unanswered('keyed', 'exchange-ended', 'failed: gateway-lost'), { key: 'k' });
      world.follow(world.requested('keyed'), { kid: CONSUMER, why: 'gateway-lost' });
      // Nothing was claimed, and its row was never written.
      world.tell('pending', unanswered('pending', 'outcome-pending'));
      world.states.push({ exchangeId: 'pending', state: 'unknown', code: undefined });
      // A safe call, twice after a crash; the agency is told no exchange id.
      const safe = world.leaf({ id: 'safe', ep: 'GET /{pin}' });
      world.follow(safe, { t: 'exchange.answered', st: 200, ep: 'GET /{pin}' });
      for (let time = 0; time < 2; time += 1)
        world.calls.push({ agency: 'register', exchangeId: null, messageId: 'order of safe', method: 'GET' });
      world.tell('safe', answered('safe', 200));
      world.tell('refused at once', unanswered(undefined, 'database-unavailable'));
    });
    expect(rules).toEqual([]);
  });

  it.each<[Rule, string, (world: World) => void]>([
    [
      'released-unlogged',
      'an answer without any leaf',
      (world) => {
        world.call('x');
        world.tell('x', answered('x'));
      },
    ],
    [
      'released-unlogged',
      'an answer of another status than its leaf',
      (world) => {
        world.call('x');
        world.follow(world.requested('x'), { t: 'exchange.answered', st: 500 });
        world.tell('x', answered('x'));
      },
    ],
    [
      'failure-unlogged',
      'a failure with another reason than its leaf',
      (world) => {
        world.follow(world.requested('x'), { kid: CONSUMER, why: 'no-receipt' });
        world.tell('x', unanswered('x', 'provider-unreachable'));
      },
    ],
    [
      'failure-unlogged',
      'a look at the exchange that no leaf bears out',
      (world) => {
        world.follow(world.requested('x'), { why: 'breaker-open' });
        world.states.push({ exchangeId: 'x', state: 'failed', code: 'gateway-lost' });
      },
    ],
    [
      'accepted-lost',
      'an exchange that stays open',
      (world) => world.states.push({ exchangeId: 'x', state: 'open', code: undefined }),
    ],
    ['accepted-lost', 'an id that was never asked for', (world) => world.tell('x', unanswered('x', 'outcome-pending'))],
    [
      'accepted-lost',
      'a key that never learns an end',
      (world) => world.tell('x', { kind: 'nothing', why: 'ECONNRESET' }, { key: 'k' }),
    ],
    ['no-outcome', 'a request that nothing follows', (world) => world.requested('x')],
    [
      'no-outcome',
      'a request that only a statement about another one follows',
      (world) => world.follow(world.requested('x'), { why: 'no-outcome', kid: BUS, prev: 'another' }),
    ],
    [
      'two-outcomes',
      'an answer that the consumer disowns',
      (world) => world.follow(world.good('x'), { kid: CONSUMER, why: 'gateway-lost' }),
    ],
    [
      'two-outcomes',
      'two clients who were told differently',
      (world) => {
        world.follow(world.good('x'), { why: 'outcome-unknown', kid: 'another key of the provider' });
        world.tell('x', unanswered('x', 'exchange-ended', 'failed: outcome-unknown'));
      },
    ],
    [
      'unsafe-twice',
      'two unsafe calls of one exchange',
      (world) => {
        world.good('x');
        world.call('x', { messageId: null });
      },
    ],
    [
      'unsafe-twice',
      'two unsafe calls of one order under two exchanges',
      (world) => {
        world.good('x');
        world.good('y');
        world.call('y', { exchangeId: null, messageId: 'order of y' });
      },
    ],
    ['unsafe-unlogged', 'an unsafe call that the log does not know', (world) => world.call('x')],
    [
      'answered-uncalled',
      'an answer to what nobody asked the agency',
      (world) => world.follow(world.requested('x'), { t: 'exchange.answered', st: 201 }),
    ],
    [
      'denied-but-called',
      'a denial of a call that was made',
      (world) => {
        world.call('x');
        world.follow(world.requested('x'), { why: 'journal-unavailable' });
      },
    ],
    ['leaf-twice', 'two requests under one id', (world) => (world.good('x'), world.requested('x'))],
    [
      'leaf-twice',
      'two words of one provider',
      (world) => world.follow(world.good('x'), { t: 'exchange.answered', st: 201 }),
    ],
    [
      'conflict',
      'a consumer who told two stories',
      (world) => world.leaf({ t: 'exchange.conflict', id: 'x', kid: BUS }),
    ],
    ['log-forked', 'a head that is not of this log', (world) => (world.heads = [{ size: 1, root: 'AAAA' }])],
    ['log-forked', 'a head beyond the end of the log', (world) => (world.heads = [{ size: 1_000, root: 'AAAA' }])],
    ['log-forked', 'a tile that hashes another leaf', (world) => (world.tileHashes = ['AAAA'])],
  ])('finds %s: %s', (rule, _what, breakIt) => {
    expect([...new Set(rulesOf(breakIt))]).toContain(rule);
  });

  it('accuses of one breach only what broke one rule', () => {
    expect(rulesOf((world) => world.requested('x'))).toEqual(['no-outcome']);
    expect(rulesOf((world) => world.call('x'))).toEqual(['unsafe-unlogged']);
  });
});

describe('claimOf', () => {
  it.each<[ToldAnswer, string | undefined]>([
    [answered('x'), 'answered'],
    [unanswered('x', 'no-receipt'), 'no-receipt'],
    [unanswered('x', 'exchange-ended', 'answered'), 'answered'],
    [unanswered('x', 'exchange-ended', 'refused: agreement-missing'), 'agreement-missing'],
    [unanswered('x', 'outcome-pending'), undefined],
    [unanswered('x', 'exchange-open'), undefined],
    [unanswered(undefined, 'database-unavailable'), undefined],
    [{ kind: 'nothing', why: 'ECONNREFUSED' }, undefined],
  ])('takes %j for %s', (answer, end) => {
    expect(claimOf(answer)?.end).toBe(end);
  });
});

describe('rootsAt', () => {
  // RFC 6962 §2.1: the empty tree is the hash of nothing, a leaf is its own root, an odd one is promoted.
  it('grows the tree of RFC 6962', () => {
    const leaves = ['', '\0', '\x10'].map((text) => leafHash(Buffer.from(text, 'latin1')));
    const roots = [...rootsAt(leaves, [0, 1, 2, 3])].map(([, root]) => Buffer.from(root, 'base64').toString('hex'));
    expect(roots).toEqual([
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    ]);
  });
});
