import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock, MemberId, SubsystemId } from '#kernel';
import type { PublicJwk } from '#signing';
import { snapshotDigestOf, verifySnapshot, type RegistryView, type VerifiedMember } from '#snapshot';
import type { LogReaderStore } from '../log-reader.store.js';

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
const MAX_AGE_MS = 1_000;
const unzip = promisify(gunzip);

/**
 * Whose key is whose for readers: by the newest manifest in the log, at most a second old. It believes the tables as
 * intake wrote them; member documents are verified all the same, because the registry cannot speak for a member.
 */
export class ReaderKeys {
  /** Written by `load`. */
  private newest: { readonly digest: string; readonly view: RegistryView } | undefined;
  private loadedAtMs = -Infinity;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly store: LogReaderStore,
    private readonly logId: number,
    private readonly clock: Clock,
  ) {}

  /** Undefined while the log has no manifest. */
  async view(): Promise<RegistryView | undefined> {
    if (this.clock.now() - this.loadedAtMs >= MAX_AGE_MS) {
      this.loading ??= this.load().finally(() => (this.loading = undefined));
      await this.loading;
    }
    return this.newest?.view;
  }

  private async load(): Promise<void> {
    const manifest = await this.store.manifestBefore(this.logId, Number.MAX_SAFE_INTEGER);
    const digest = manifest === undefined ? undefined : snapshotDigestOf(manifest.digests);
    if (digest !== undefined && digest !== this.newest?.digest) {
      const body = await this.store.snapshot(Buffer.from(digest, 'hex'));
      const bytes = body === undefined ? undefined : await unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
      const verified = bytes === undefined ? undefined : verifySnapshot(bytes, knownOf(this.newest?.view));
      if (verified?.ok === true) this.newest = { digest, view: verified.value.view };
    }
    this.loadedAtMs = this.clock.now();
  }
}

/** The signing key that a subsystem has published and that is valid now. */
export function signingKeyOf(
  view: RegistryView,
  subsystem: SubsystemId,
  kid: string,
  nowMs: number,
): PublicJwk | undefined {
  const key = view.keyOf(subsystem, kid);
  return key?.use === 'sign' && key.fromMs <= nowMs && nowMs < key.untilMs ? key.jwk : undefined;
}

function knownOf(view: RegistryView | undefined): Map<MemberId, VerifiedMember> {
  const known = new Map<MemberId, VerifiedMember>();
  for (const document of view?.members() ?? []) {
    const entry = view?.memberEntry(document.member);
    if (entry !== undefined) known.set(document.member, { entry, document });
  }
  return known;
}
