import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '#bus';
import { partitionOf } from '#bus';
import { exchangeIdBytes, newExchangeId, type SubsystemId } from '#kernel';
import { keyFileName } from '#platform';
import type { RegistryView } from '#snapshot';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import type { PrivateJwk } from '#signing';
import { craft, type CraftWorld } from '../../connector/evil-gateway.js';
import { CONSUMER, ENDPOINT } from './registry-changes.js';

const PROVIDER = 'DEMO/GOV/1001/population' as SubsystemId;
const SERVICE = `${PROVIDER}/persons`;
const SUBJECT = { country: 'DEMO', type: 'PIN', code: 'TEST000001' };

/**
 * Requests by the consumer's key that no gateway has decided on: only so does a connector have to decide alone. They go to
 * one partition, hence to one connector of the subsystem.
 */
export class DirectRequests {
  private constructor(
    private readonly bus: Bus,
    private readonly world: CraftWorld,
    private readonly view: RegistryView,
  ) {}

  static async of(bus: Bus, { keysDir }: Instance, view: RegistryView): Promise<DirectRequests> {
    const keys = new Map<string, { sign: PrivateJwk; seal: PrivateJwk }>();
    for (const owner of [CONSUMER, PROVIDER]) {
      const set = JSON.parse(await readFile(join(keysDir, keyFileName(owner)), 'utf8')) as { keys: PrivateJwk[] };
      const [sign, seal] = ['Ed25519', 'X25519'].map((crv) => set.keys.find((key) => key.crv === crv));
      if (sign !== undefined && seal !== undefined) keys.set(owner, { sign, seal });
    }
    const keysOf = (owner: string) => {
      const held = keys.get(owner);
      if (held === undefined) throw new TypeError(`no keys of ${owner}`);
      return held;
    };
    const world: CraftWorld = { keysOf, snapshot: { instances: [...view.instances] } };
    return new DirectRequests(bus, world, view);
  }

  get partitions(): number {
    return this.view.topicsOf(PROVIDER)?.request.partitions ?? 1;
  }

  /** Sends one to that partition, and gives its id. */
  async send(partition: number): Promise<string> {
    const id = idFor(partition, this.partitions);
    const { value } = await craft(this.world, {
      id,
      subject: SUBJECT,
      target: `/r1/${SERVICE}/${SUBJECT.code}`,
      payload: { from: CONSUMER, to: PROVIDER, svc: SERVICE, ep: ENDPOINT, law: this.legalBasis, snap: 1 },
      deadlineMs: Date.now() + 3_000,
    });
    const topic = this.view.topicsOf(PROVIDER)?.request.name ?? '';
    await this.bus.publish([{ topic, partition, key: exchangeIdBytes(id), value }]);
    return id;
  }

  private get legalBasis(): string {
    return this.view.purposes.find(({ code }) => code === 'citizen-view')?.legalBasis ?? '';
  }
}

function idFor(partition: number, partitions: number) {
  for (;;) {
    const id = newExchangeId();
    if (partitionOf(exchangeIdBytes(id), partitions) === partition) return id;
  }
}
