import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock, MemberId } from '#kernel';
import { snapshotDigestOf, verifySnapshot, type RegistryView, type VerifiedMember } from '#snapshot';
import type { LogReaderStore } from '../log-reader.store.js';
import { readerAuthErrors } from './reader-auth.errors.js';

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
const MAX_AGE_MS = 1_000;
const unzip = promisify(gunzip);

/**
 * Whose key is whose for readers: by the newest manifest in the log, at most a second old. It believes the tables as
 * intake wrote them, but walks all snapshots from the first: what is believed of a member depends on what was believed
 * before, so that not even the registry's key can slip in a reader.
 */
export class ReaderKeys {
  /** Every member's newest entry that was ever believed, also of one that is gone; written by `viewOf`. */
  private readonly known = new Map<MemberId, VerifiedMember>();
  /** All three are written by `load`. */
  private newest: { readonly digest: string; readonly view: RegistryView } | undefined;
  private followedTo = { logId: 0, index: -1 };
  private loadedAtMs = -Infinity;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly store: LogReaderStore,
    private readonly clock: Clock,
  ) {}

  /** Undefined while the log has no manifest. Throws `readers-unknown` where a snapshot cannot be read. */
  async view(): Promise<RegistryView | undefined> {
    if (this.clock.now() - this.loadedAtMs >= MAX_AGE_MS) {
      this.loading ??= this.load().finally(() => (this.loading = undefined));
      await this.loading;
    }
    return this.newest?.view;
  }

  private async load(): Promise<void> {
    for (const { logId, index, digests } of await this.store.manifestsAfter(this.followedTo)) {
      const digest = snapshotDigestOf(digests);
      if (digest === undefined) throw readerAuthErrors.error('readers-unknown', { details: { index } });
      if (digest !== this.newest?.digest) this.newest = { digest, view: await this.viewOf(digest, index) };
      this.followedTo = { logId, index };
    }
    this.loadedAtMs = this.clock.now();
  }

  private async viewOf(digest: string, index: number): Promise<RegistryView> {
    const body = await this.store.snapshot(Buffer.from(digest, 'hex'));
    const bytes = body === undefined ? undefined : await unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
    const verified = bytes === undefined ? undefined : verifySnapshot(bytes, this.known);
    if (verified?.ok !== true) throw readerAuthErrors.error('readers-unknown', { details: { index, digest } });
    const { view } = verified.value;
    for (const document of view.members()) {
      const entry = view.memberEntry(document.member);
      if (entry !== undefined) this.known.set(document.member, { entry, document });
    }
    return view;
  }
}
