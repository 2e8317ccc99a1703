import { correctionTopic, deadTopic, principalOf, receiptTopic, replyTopic, requestTopic, rightKey } from '#contracts';
import { buildSnapshot, type InstanceDefinition, type Snapshot } from '#snapshot';
import { firstSnapshot } from '../snapshot/first-snapshot.js';
import { rightsOf, rightsOfFirst } from './rights-of.js';
import { planRights } from './rights-plan.js';

const PROVIDER = 'DEMO/GOV/1001/population';
const CONSUMER = 'DEMO/GOV/1000/mygov';

function snapshotOf(serves: string[]): Snapshot {
  const empty = firstSnapshot('DEMO/registry1', []);
  const definition = {
    instance: 'DEMO',
    ...{
      purposes: [],
      legalBases: [],
      issuers: [],
      members: [],
      elements: [],
      elementPlaces: [],
      suspensions: [],
      successions: [],
    },
    instances: [
      { id: 'registry1', kind: 'registry', runBy: 'GOV/1009', serves: [] },
      { id: 'audit1', kind: 'audit', runBy: 'GOV/1009', serves: [] },
      { id: 'gw1', kind: 'gateway', runBy: 'GOV/1009', serves: [] },
      { id: 'gw10', kind: 'gateway', runBy: 'GOV/1009', serves: [] },
      { id: 'cn1', kind: 'connector', runBy: 'GOV/1009', serves: serves.map((id) => id.slice('DEMO/'.length)) },
    ],
  } as unknown as InstanceDefinition;
  const built = buildSnapshot({ number: 2, definition, members: [], logs: empty.logs });
  return {
    ...built,
    topics: {
      [PROVIDER]: {
        request: { name: requestTopic(PROVIDER).name, partitions: 3 },
        receipt: receiptTopic(PROVIDER).name,
        dead: deadTopic(PROVIDER).name,
      },
    },
    corrections: Object.fromEntries(
      [PROVIDER, CONSUMER].map((id) => [id, { topic: correctionTopic(id).name, dead: deadTopic(id).name }]),
    ),
  };
}

const of = (snapshot: Snapshot, principal: string) =>
  rightsOf(snapshot)
    .filter((right) => right.principal === principal)
    .map((right) => rightKey(right).slice(principal.length + 1));

describe('rightsOf', () => {
  it('lets a connector read what is sent to those whom it serves, and bury it; nothing of others', () => {
    const rights = of(snapshotOf([PROVIDER]), 'DEMO.cn1');
    expect(rights).toEqual(
      expect.arrayContaining([
        `read topic name ${requestTopic(PROVIDER).name}`,
        `read topic name ${receiptTopic(PROVIDER).name}`,
        `read topic name ${correctionTopic(PROVIDER).name}`,
        `write topic name ${deadTopic(PROVIDER).name}`,
        'write topic prefix reply.',
      ]),
    );
    expect(rights.filter((right) => right.includes('mygov'))).toEqual([]);
    const none = of(snapshotOf([]), 'DEMO.cn1');
    expect(none.filter((right) => /request|receipt|correction|dead/.test(right))).toEqual([]);
  });

  it('gives who has no service its deliveries alone', () => {
    const rights = of(snapshotOf([CONSUMER]), 'DEMO.cn1').filter((right) => right.includes(' topic name '));
    expect(rights.filter((right) => right.includes('mygov'))).toEqual([
      `read topic name ${correctionTopic(CONSUMER).name}`,
      `write topic name ${deadTopic(CONSUMER).name}`,
    ]);
  });

  it('keeps apart instances of which one is named like the beginning of the other', () => {
    const snapshot = snapshotOf([]);
    const prefixes = of(snapshot, 'DEMO.gw1').filter((right) => right.includes(' prefix '));
    expect(prefixes).toContain('read group prefix registry-copy.DEMO.gw1.');
    const { name } = replyTopic('DEMO/gw10');
    expect(of(snapshot, 'DEMO.gw1').filter((right) => right.includes(name) || right.includes('gw10'))).toEqual([]);
  });

  it('names each right once', () => {
    const keys = rightsOf(snapshotOf([PROVIDER, CONSUMER])).map(rightKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('lets the audits that the operator named answer before a definition names any, and no longer', () => {
    const audits = ['DEMO/audit7' as Snapshot['instances'][number]['id']];
    const principals = (rights: ReturnType<typeof rightsOf>) => [...new Set(rights.map(({ principal }) => principal))];
    const first = firstSnapshot('DEMO/registry1', []);
    expect(principals(rightsOfFirst(first, audits))).toEqual(['DEMO.registry1', 'DEMO.audit7']);
    expect(principals(rightsOfFirst(snapshotOf([]), audits))).not.toContain('DEMO.audit7');
  });
});

describe('planRights', () => {
  const right = (principal: string, name: string) =>
    ({ principal, on: 'topic', name, isPrefix: false, to: 'read' }) as const;
  const hand = { ...right('DEMO.registry1', 'kafka-cluster'), on: 'cluster', to: 'alter' } as const;

  it('adds what is missing and takes away what is no longer allowed, of our own principals alone', () => {
    const [kept, missing, surplus] = [right('DEMO.gw1', 'a'), right('DEMO.gw1', 'b'), right('DEMO.old', 'a')];
    const foreign = [right('operator', 'a'), right('DEMOX.gw1', 'a'), right('DEMO', 'a')];
    expect(planRights('DEMO', [kept, missing], [kept, surplus, ...foreign, hand], [hand])).toEqual({
      missing: [missing],
      surplus: [surplus],
      foreign: 3,
    });
  });

  it('leaves alone what was given by the cluster, and tells of it where nobody should have it', () => {
    const stray = { ...hand, principal: 'DEMO.gw1' };
    expect(planRights('DEMO', [], [hand, stray], [hand])).toEqual({ missing: [], surplus: [], foreign: 1 });
  });
});

it('tells instances apart whose identifiers hold what a subject is not written with', () => {
  expect(principalOf('DEMO/gw1')).toBe('DEMO.gw1');
  expect(principalOf('DEMO.x/y')).not.toBe(principalOf('DEMO/x.y'));
  expect(principalOf('DEMO.x/y').startsWith('DEMO.')).toBe(false);
  const odd = ['DEMO/a+b', 'DEMO/a-b', 'DEMO/a,b', 'DEMO/a=b', "DEMO/a'b", 'DEMO/a?b'].map(principalOf);
  expect(new Set(odd).size).toBe(odd.length);
  for (const name of odd) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
});
