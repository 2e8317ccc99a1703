import { verifySnapshot } from '#snapshot';

/** Whose keys have ever stood in a snapshot of the registry: what ties a leaf's signer to the key that its header names. */
export class KeyOwners {
  private readonly known = new Set<string>();
  private readonly instances = { audit: new Set<string>(), registry: new Set<string>(), gateway: new Set<string>() };

  /** Learns from a snapshot's bytes; false if they are none. */
  learn(bytes: Buffer): boolean {
    const verified = verifySnapshot(bytes, new Map());
    if (!verified.ok) return false;
    const { view } = verified.value;
    const owners = view.members().flatMap(({ subsystems, instances }) => [...subsystems, ...instances]);
    for (const { id } of owners) for (const { kid } of view.keysOf(id)) this.add(id, kid);
    for (const { id, kind } of view.instances)
      if (kind === 'audit' || kind === 'registry' || kind === 'gateway') this.instances[kind].add(id);
    // So manifests stand in the log that name no registry (`intake/law.ts`).
    this.instances.registry.add(`${view.instance}/registry`);
    return true;
  }

  add(owner: string, kid: string): void {
    this.known.add(`${owner} ${kid}`);
  }

  has(owner: string, kid: string): boolean {
    return this.known.has(`${owner} ${kid}`);
  }

  isInstance(kind: 'audit' | 'registry' | 'gateway', id: string): boolean {
    return this.instances[kind].has(id);
  }
}
