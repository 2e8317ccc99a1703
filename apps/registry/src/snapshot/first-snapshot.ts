import { buildSnapshot, type InstanceDefinition, type Snapshot } from '#snapshot';

/** `audit.demo.example/DEMO/0/2026h2+…`: the origin is the key's name, the shard its last but one part. */
export function logsOf(vkeys: readonly string[]): Snapshot['logs'] {
  return vkeys.map((vkey) => {
    const origin = vkey.split('+')[0] ?? '';
    const shard = Number(origin.split('/').at(-2));
    return { origin, vkey, shard: Number.isSafeInteger(shard) ? shard : 0, state: 'open' };
  });
}

/**
 * Number 1: no members, and of instances the registry alone, so that audit may answer it. It is published before
 * anything is applied (`bus.md` §6, first start).
 */
export function firstSnapshot(instanceId: string, vkeys: readonly string[]): Snapshot {
  const [instance = '', id = ''] = instanceId.split('/');
  const definition: InstanceDefinition = {
    instance,
    purposes: [],
    legalBases: [],
    issuers: [],
    members: [],
    elements: [],
    elementPlaces: [],
    successions: [],
    suspensions: [],
    instances: [{ id, kind: 'registry', runBy: 'operator', serves: [] }],
  };
  return buildSnapshot({ number: 1, definition, members: [], logs: logsOf(vkeys) });
}
