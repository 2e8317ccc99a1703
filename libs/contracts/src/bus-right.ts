/** One entry of the broker's access lists: what a principal may do by some topics or consumer groups, or by the cluster. */
export interface BusRight {
  /** Common name of a certificate. */
  readonly principal: string;
  readonly on: 'topic' | 'group' | 'cluster';
  /** Of one topic or group, or what the names of several begin with; the cluster has one name. */
  readonly name: string;
  readonly isPrefix: boolean;
  /** Whoever reads or writes may also see that it is there; `describe` is that alone. */
  readonly to: 'read' | 'write' | 'describe' | 'create' | 'alter';
}

/** Two rights are one if their keys are. */
export function rightKey({ principal, on, name, isPrefix, to }: BusRight): string {
  return [principal, to, on, isPrefix ? 'prefix' : 'name', name].join(' ');
}

/**
 * The principal of an instance of ours, `DEMO/gw1` → `DEMO.gw1`: a slash does not belong in a common name. Dots, and
 * characters that a certificate's subject would be written otherwise with, become `_` and their two hexadecimal digits, so
 * that no two instances share one, and none begins as another register's do.
 */
export function principalOf(instanceId: string): string {
  return instanceId
    .split('/')
    .map((part) => part.replaceAll(/[^A-Za-z0-9-]/g, (sign) => `_${sign.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('.');
}

/**
 * What the operator gives the registry by hand, once: to make topics and to write the lists. All else it gives itself by
 * the lists, where everybody can see it.
 */
export function rightsByHand(registryId: string): BusRight[] {
  const cluster = { on: 'cluster', name: 'kafka-cluster', isPrefix: false } as const;
  const principal = principalOf(registryId);
  return (['create', 'alter', 'describe'] as const).map((to) => ({ principal, ...cluster, to }));
}
