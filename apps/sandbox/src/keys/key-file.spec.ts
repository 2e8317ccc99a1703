import { generateSigningKey, KeyRing } from '#signing';
import type { InstanceDefinition } from '#snapshot';
import { parsePolicy, parseVkey } from '#tlog';
import { missingKeyFiles, trustText, withTimestampRoots } from './key-file.js';

const definition: InstanceDefinition = {
  instance: 'DEMO',
  purposes: [],
  legalBases: [],
  issuers: [],
  elements: [],
  elementPlaces: [],
  successions: [],
  suspensions: [],
  members: [
    {
      id: 'GOV/1001',
      name: { en: 'x' },
      subsystems: [{ code: 'population', credentials: [], services: [], agreements: [] }],
    },
  ],
  instances: [
    { id: 'gw1', kind: 'gateway', runBy: 'GOV/1001', serves: [] },
    { id: 'audit1', kind: 'audit', runBy: 'GOV/1001', serves: [] },
    { id: 'registry1', kind: 'registry', runBy: 'GOV/1001', serves: [] },
    { id: 'feedback1', kind: 'feedback', runBy: 'GOV/1001', serves: [] },
  ],
};
const files = missingKeyFiles(definition, new Set());

function ring(): KeyRing {
  return KeyRing.parse(
    files.map(({ name, keys }) => [name.slice(0, -'.jwk'.length).replaceAll('.', '/'), JSON.stringify({ keys })]),
  );
}

describe('missingKeyFiles', () => {
  it('makes one file for each member, subsystem and instance, and one for the log', () => {
    expect(files.map((file) => file.name)).toEqual([
      'DEMO.GOV.1001.jwk',
      'DEMO.GOV.1001.population.jwk',
      'DEMO.gw1.jwk',
      'DEMO.audit1.jwk',
      'DEMO.registry1.jwk',
      'DEMO.feedback1.jwk',
      'DEMO.audit1.log.jwk',
      'DEMO.witness1.jwk',
      'DEMO.witness2.jwk',
      'DEMO.identity1.jwk',
      'DEMO.COM.2002.legal.credential.jwk',
    ]);
  });

  it('gives gateways one secret, so that each knows the repeats of calls that another took', () => {
    const [first, ...others] = definition.instances;
    const doubled = { ...definition, instances: [first!, { ...first!, id: 'gw2' }, ...others] };
    const gateways = missingKeyFiles(doubled, new Set()).filter(({ name }) => name.startsWith('DEMO.gw'));
    const secrets = gateways.flatMap(({ keys }) => keys.filter(({ kty }) => kty === 'oct'));
    expect(secrets).toHaveLength(2);
    expect(secrets[1]).toEqual(secrets[0]);
  });

  it('makes keys that a key ring takes: a subsystem signs and unseals, a gateway and feedback have a secret', () => {
    const keys = ring();
    expect(keys.publicKeys('DEMO/GOV/1001/population').map((key) => key.use)).toEqual(['sign', 'seal']);
    expect(keys.signer('DEMO/GOV/1001').alg).toBe('EdDSA');
    expect(keys.secret('DEMO/gw1')).toHaveLength(32);
    expect(keys.secret('DEMO/feedback1')).toHaveLength(32);
    expect(() => keys.secret('DEMO/audit1')).toThrow();
  });

  it('makes one for each window that may follow', () => {
    const more = missingKeyFiles(definition, new Set(files.map((file) => file.name)), ['2026h2-2', '2027h1']);
    expect(more.map((file) => file.name)).toEqual(['DEMO.audit1.log.2026h2-2.jwk', 'DEMO.audit1.log.2027h1.jwk']);
  });

  it('leaves alone what is there', () => {
    const existing = new Set(files.map((file) => file.name).filter((name) => name !== 'DEMO.gw1.jwk'));
    expect(missingKeyFiles(definition, existing).map((file) => file.name)).toEqual(['DEMO.gw1.jwk']);
  });

  it('never makes the same key twice', () => {
    const kids = files.flatMap((file) => file.keys.map((key) => ('d' in key ? key.d : key.k)));
    expect(new Set(kids).size).toBe(kids.length);
  });
});

describe('trustText', () => {
  it('names the log and the registry by their public halves, and holds no private one', () => {
    const logKey = ring().publicKeys('DEMO/audit1/log')[0]!;
    const secret = files.flatMap((file) => file.keys).find((key) => key.kid === logKey.kid);
    const registry = files.find((file) => file.name === 'DEMO.registry1.jwk')!.keys[0]!;
    if (secret === undefined || !('d' in secret) || !('d' in registry)) {
      expect(secret).toHaveProperty('d');
      return;
    }
    const text = trustText({
      instance: 'DEMO',
      origin: 'a.example/0',
      logKey: secret,
      registryKey: registry,
      witnessKeys: { witness1: generateSigningKey(), witness2: generateSigningKey() },
    });
    const trust = JSON.parse(text);
    expect(parseVkey(trust.logs[0])).toMatchObject({ ok: true, value: { name: 'a.example/0' } });
    const policy = parsePolicy([`log ${trust.logs[0]}`, ...trust.witnesses].join('\n'));
    expect(policy.ok && policy.value.isEnough(new Set(['witness2']))).toBe(true);
    expect(policy.ok && policy.value.isEnough(new Set())).toBe(false);
    expect(trust.registry[0].kid).toBe(registry.kid);
    expect(text).not.toContain(secret.d);
    expect(text).not.toContain(registry.d);
    expect(text).not.toContain('"d"');
    expect(JSON.parse(withTimestampRoots(text, ['PEM']))).toEqual({ ...trust, timestampRoots: ['PEM'] });
  });
});
