/** Of one owner and key each: far beyond what a registry has published in decades. */
const MAX_KEYS = 1_000_000;

/** What a snapshot adds to what is known of keys. */
export interface PublishedKeys {
  readonly instance: string;
  readonly keys: readonly { readonly owner: string; readonly kid: string }[];
  readonly instances: readonly { readonly id: string; readonly kind: string }[];
}

/** Instances that sign statements in their own name. */
type SigningKind = 'audit' | 'registry' | 'gateway' | 'feedback';
const SIGNING_KINDS: readonly string[] = ['audit', 'registry', 'gateway', 'feedback'] satisfies SigningKind[];

/** Whose keys have ever stood in a snapshot of the registry: what ties a leaf's signer to the key that its header names. */
export class KeyOwners {
  /** Key ids by owner. */
  private readonly known = new Map<string, Set<string>>();
  private keys = 0;
  private readonly instances = {
    audit: new Set<string>(),
    registry: new Set<string>(),
    gateway: new Set<string>(),
    feedback: new Set<string>(),
  };

  /** False if there are more than can be held. */
  learn({ instance, keys, instances }: PublishedKeys): boolean {
    for (const { id, kind } of instances) if (isSigningKind(kind)) this.instances[kind].add(id);
    // So manifests stand in the log that name no registry (`intake/law.ts`).
    this.instances.registry.add(`${instance}/registry`);
    for (const { owner, kid } of keys) this.add(owner, kid);
    return this.keys <= MAX_KEYS;
  }

  has(owner: string, kid: string): boolean {
    return this.known.get(owner)?.has(kid) === true;
  }

  isInstance(kind: SigningKind, id: string): boolean {
    return this.instances[kind].has(id);
  }

  private add(owner: string, kid: string): void {
    const known = this.known.get(owner) ?? new Set();
    if (known.has(kid)) return;
    this.known.set(owner, known.add(kid));
    this.keys += 1;
  }
}

function isSigningKind(kind: string): kind is SigningKind {
  return SIGNING_KINDS.includes(kind);
}
