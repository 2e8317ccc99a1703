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

/**
 * The reader's rule of `bus.md` §6 as one pure state: adopt number n when a snapshot with n's digest is held, keep n−1
 * until then, refuse a number that goes back, an expired manifest, and a second content under one number. Snapshots and
 * manifests may arrive in any order; at most `HELD` unclaimed snapshots are remembered.
 */
export class Adoption {
  private static readonly HELD = 4;
  /** Snapshots by hex digest, newest last; written by `hold`. */
  private readonly held = new Map<string, RegistryView>();
  /** The newest manifest accepted, adopted or waiting for its snapshot; written by `announce`. */
  private announced: CheckedManifest | undefined;
  /** Written by `settle` only. */
  private current: Adopted | undefined;
  private previous: Adopted | undefined;

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

  get expiresAtMs(): number | undefined {
    return this.current?.manifest.untilMs;
  }

  /** A snapshot arrived. Returns the view that is adopted by it, if any. */
  hold(view: RegistryView): RegistryView | undefined {
    this.held.set(view.digestHex, view);
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
    if (known !== undefined && manifest.number < known.number) return 'manifest-number-back';
    if (known?.number === manifest.number && known.doc !== manifest.doc) return 'manifest-forked';
    if (known?.number === manifest.number && manifest.untilMs < known.untilMs) return undefined;
    this.announced = manifest;
    return this.settle();
  }

  private claimed(): string | undefined {
    return this.announced === undefined ? undefined : snapshotDigestOf(this.announced.digests);
  }

  private settle(): RegistryView | undefined {
    const digest = this.claimed();
    if (this.announced === undefined || digest === undefined) return undefined;
    const view = this.held.get(digest);
    if (view?.number !== this.announced.number) return undefined;
    const renewed = this.current?.view.digestHex === view.digestHex;
    if (!renewed) this.previous = this.current;
    this.current = { view, manifest: this.announced };
    return renewed ? undefined : view;
  }
}
