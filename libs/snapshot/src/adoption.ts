import { snapshotDigestOf } from './digest-list.js';
import type { RegistryView } from './registry-view.js';

/** What a reader believes of one manifest whose signature, type and digest list were checked. */
export interface CheckedManifest {
  readonly number: number;
  readonly untilMs: number;
  readonly digests: string;
  /** `doc` of the statement: digest of the digest list. */
  readonly doc: string;
}

export type AdoptionRefusal = 'manifest-number-back' | 'manifest-forked' | 'manifest-expired';

/** What is adopted now: a view and until when it may be believed. */
export interface Adopted {
  readonly view: RegistryView;
  readonly manifest: CheckedManifest;
}

/** A snapshot that has arrived, before any of it is believed. */
export interface HeldSnapshot {
  readonly number: number;
  readonly digestHex: string;
}

/** The newest manifest that a reader has adopted, also before it was started. */
export type KnownManifest = Pick<CheckedManifest, 'number' | 'doc'>;

/**
 * The reader's rule of `bus.md` §6 as one pure state: adopt number n when a snapshot with n's digest is held, keep n−1
 * until then, refuse a number that goes back, an expired manifest, and a second content under one number. Snapshots and
 * manifests may arrive in any order; at most `HELD` unclaimed snapshots are remembered. `believe` is asked when a snapshot
 * is adopted, not when it arrives: who knows the registry's key could otherwise send one ahead of what it contradicts.
 */
export class Adoption<Held extends HeldSnapshot = RegistryView> {
  private static readonly HELD = 4;
  /** Snapshots by hex digest, newest last; written by `hold`. */
  private readonly held = new Map<string, Held>();
  /** The newest manifest accepted, adopted or waiting for its snapshot; written by `announce`. */
  private announced: CheckedManifest | undefined;
  /** Written by `settle` only. */
  private current: Adopted | undefined;
  private previous: Adopted | undefined;

  constructor(
    private readonly believe: (held: Held) => RegistryView,
    /** What was adopted before the start: nothing older, and nothing else under its number. */
    private readonly remembered?: KnownManifest,
  ) {}

  /** The adopted snapshot, or undefined if there is none or its last manifest has expired. */
  at(nowMs: number): RegistryView | undefined {
    return this.current !== undefined && nowMs < this.current.manifest.untilMs ? this.current.view : undefined;
  }

  /** A view by number: the adopted one or the one before it, which records in flight may still name. */
  numbered(number: number, nowMs: number): RegistryView | undefined {
    const now = this.at(nowMs);
    if (now === undefined || now.number === number) return now;
    return this.previous?.view.number === number ? this.previous.view : undefined;
  }

  /** What has to be remembered: of what was adopted last. */
  get floor(): KnownManifest | undefined {
    if (this.current === undefined) return this.remembered;
    const { number, doc } = this.current.manifest;
    return { number, doc };
  }

  get expiresAtMs(): number | undefined {
    return this.current?.manifest.untilMs;
  }

  /** A snapshot arrived. Returns the view that is adopted by it, if any. */
  hold(snapshot: Held): RegistryView | undefined {
    this.held.set(snapshot.digestHex, snapshot);
    for (const digest of this.held.keys()) {
      if (this.held.size <= Adoption.HELD) break;
      if (digest !== this.claimed()) this.held.delete(digest);
    }
    return this.settle();
  }

  /** A checked manifest arrived: the reason why it is not believed, or the view that is adopted by it, if any. */
  announce(manifest: CheckedManifest, nowMs: number): AdoptionRefusal | RegistryView | undefined {
    if (manifest.untilMs <= nowMs) return 'manifest-expired';
    const known = this.announced;
    const past = known ?? this.remembered;
    if (past !== undefined && manifest.number < past.number) return 'manifest-number-back';
    if (past?.number === manifest.number && past.doc !== manifest.doc) return 'manifest-forked';
    if (known?.number === manifest.number && manifest.untilMs < known.untilMs) return undefined;
    this.announced = manifest;
    return this.settle();
  }

  /** Whether this is the manifest that counts. */
  isAnnounced(manifest: CheckedManifest): boolean {
    return this.announced === manifest;
  }

  private claimed(): string | undefined {
    return this.announced === undefined ? undefined : snapshotDigestOf(this.announced.digests);
  }

  private settle(): RegistryView | undefined {
    const digest = this.claimed();
    if (this.announced === undefined || digest === undefined) return undefined;
    const held = this.held.get(digest);
    if (held?.number !== this.announced.number) return undefined;
    const { current } = this;
    if (current?.view.digestHex === held.digestHex) {
      this.current = { view: current.view, manifest: this.announced };
      return undefined;
    }
    const view = this.believe(held);
    this.previous = current;
    this.current = { view, manifest: this.announced };
    return view;
  }
}
