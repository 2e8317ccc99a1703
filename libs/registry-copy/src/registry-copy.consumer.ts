import { gunzipSync } from 'node:zlib';
import { decode, fixedTopics, ManifestSchema, type Manifest } from '#contracts';
import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { refuse, type Clock, type MemberId, type Result } from '#kernel';
import type { Statement } from '#signing';
import {
  Adoption,
  believeSnapshot,
  checkManifest,
  readSnapshot,
  type CheckedManifest,
  type ReadSnapshot,
  type RegistryKey,
  type RegistryView,
  type VerifiedMember,
} from '#snapshot';
import type { NoteKey } from '#tlog';
import { isLogged } from './manifest-receipt.js';
import type { RegistryMemory, Remembered } from './registry-memory.store.js';

/** What the copy tells its process about; each `alarm` is worth waking somebody. */
export interface RegistryCopyEvents {
  readonly adopted: (view: RegistryView) => void;
  readonly alarm: (reason: string, details: Readonly<Record<string, unknown>>) => void;
}

export interface RegistryCopyOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** From `trust.json`, never from the snapshot itself. */
  readonly registryKeys: readonly RegistryKey[];
  /** Of `trust.json`, too: a manifest that none of them holds is believed by nobody. */
  readonly logs: readonly NoteKey[];
  /** Kept over restarts; without it a tool that ends at once believes what it sees first. */
  readonly memory?: RegistryMemory;
  /** Unique per process: every process reads everything and commits nothing. */
  readonly instanceId: string;
  readonly events: RegistryCopyEvents;
}

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
const MAX_WAITING = 10_000;
/** A manifest that lives longer could be shown to somebody long after what it says was revoked. */
const MAX_LIFETIME_MS = 2 * 60 * 60_000;

interface Waiter {
  readonly predicate: (view: RegistryView) => boolean;
  readonly resolve: (view: RegistryView | undefined) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Every process's own verified copy of the registry (`design.md` §6). It promises that what it hands out was published
 * by the trusted registry and is in the log, names no member document that the member did not sign, and has not expired,
 * and that of a member it never goes back behind what this process has believed, also before it was started. It never
 * repairs: what fails a check is left out with an alarm, and the last good snapshot stays until its manifest runs out.
 */
export class RegistryCopy {
  private readonly adoption: Adoption<ReadSnapshot>;
  /** Newest entry of each member that was ever believed here; written by `announce`. */
  private readonly members: Map<MemberId, VerifiedMember>;
  private readonly listeners = new Set<(view: RegistryView) => void>();
  private readonly waiters = new Set<Waiter>();
  /** The newest manifest believed; written by `takeManifest`. */
  private manifest: Statement | undefined;
  /** Set once by `start`. */
  private subscription: Subscription | undefined;

  private constructor(
    private readonly options: RegistryCopyOptions,
    remembered: Remembered | undefined,
  ) {
    this.members = new Map(remembered?.members.map((known) => [known.document.member, known]));
    this.adoption = new Adoption((read) => this.believe(read), remembered?.manifest);
  }

  /**
   * Resolves when everything that was on the topic has been read; a first snapshot may still be to come. Rejects if what
   * is remembered cannot be read.
   */
  static async start(options: RegistryCopyOptions): Promise<RegistryCopy> {
    const copy = new RegistryCopy(options, await options.memory?.read());
    const topic = fixedTopics.snapshot.name;
    const end = await options.bus.endOffset(topic, 0);
    const caughtUp = Promise.withResolvers<undefined>();
    if (end === 0n) caughtUp.resolve(undefined);
    copy.subscription = await options.bus.subscribe({
      topics: [topic],
      group: `registry-copy.${options.instanceId.replaceAll('/', '.')}.${crypto.randomUUID()}`,
      startAt: { kind: 'earliest' },
      maxInFlight: 16,
      onError: (cause) => options.events.alarm('registry-copy-failed', { err: cause }),
      each: (record) => {
        copy.take(record);
        if (record.offset + 1n >= end) caughtUp.resolve(undefined);
      },
    });
    // Compaction may have removed the last record before `end`: a quiet topic is caught up too.
    await Promise.race([caughtUp.promise, timeout(2_000)]);
    return copy;
  }

  /** The adopted snapshot; undefined when there is none or its manifest has expired: then refuse all traffic. */
  current(): RegistryView | undefined {
    return this.adoption.at(this.options.clock.now());
  }

  /** The adopted snapshot or the one before it, by number. */
  atNumber(number: number): RegistryView | undefined {
    return this.adoption.numbered(number, this.options.clock.now());
  }

  /** Milliseconds since the epoch at which the adopted manifest runs out. */
  get expiresAtMs(): number | undefined {
    return this.adoption.expiresAtMs;
  }

  /** The newest manifest's statement. It is in the log, so stamping it again asks for a receipt and makes no leaf. */
  get manifestStatement(): Statement | undefined {
    return this.manifest;
  }

  /** Called after each adoption of another snapshot, not for renewals. Returns how to stop listening. */
  onChange(listener: (view: RegistryView) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The first adopted snapshot that satisfies `predicate`, or undefined at `deadlineMs` (since the epoch). */
  async waitFor(predicate: (view: RegistryView) => boolean, deadlineMs: number): Promise<RegistryView | undefined> {
    const now = this.current();
    if (now !== undefined && predicate(now)) return now;
    const leftMs = deadlineMs - this.options.clock.now();
    if (leftMs <= 0 || this.waiters.size >= MAX_WAITING) return undefined;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        predicate,
        resolve,
        timer: setTimeout(() => {
          this.waiters.delete(waiter);
          resolve(undefined);
        }, leftMs),
      };
      this.waiters.add(waiter);
    });
  }

  async stop(): Promise<void> {
    for (const waiter of this.waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(undefined);
    }
    this.waiters.clear();
    await this.subscription?.stop();
    await this.options.memory?.settled();
  }

  private take(record: ReceivedRecord): void {
    const key = record.key?.toString('utf8');
    if (key === 'manifest') this.takeManifest(record);
    else if (key === 'snapshot.0' || key === 'snapshot.1') this.takeSnapshot(record);
    else this.options.events.alarm('registry-record-alien', { offset: String(record.offset) });
  }

  private takeSnapshot(record: ReceivedRecord): void {
    const bytes = unzip(record.value);
    const read = bytes === undefined ? undefined : readSnapshot(bytes);
    if (read?.ok === true) this.announce(this.adoption.hold(read.value));
    else this.options.events.alarm('registry-snapshot-invalid', { offset: String(record.offset) });
  }

  private believe(read: ReadSnapshot): RegistryView {
    const { view, distrusted } = believeSnapshot(read, this.members);
    for (const { member, reason, kept } of distrusted)
      this.options.events.alarm('registry-member-distrusted', { member, reason, kept });
    return view;
  }

  private takeManifest(record: ReceivedRecord): void {
    const checked = this.checkedManifest(record.value);
    const outcome = checked.ok ? this.adoption.announce(checked.value, this.options.clock.now()) : checked.reason;
    if (typeof outcome === 'string') {
      this.options.events.alarm('registry-manifest-refused', { reason: outcome, offset: String(record.offset) });
      return;
    }
    // An older renewal of the same number changes nothing.
    if (checked.ok && this.adoption.isAnnounced(checked.value)) this.manifest = checked.value.statement;
    this.announce(outcome);
  }

  private checkedManifest(value: Buffer): Result<CheckedManifest & { readonly statement: Statement }, string> {
    const manifest = decodeManifest(value);
    if (manifest === undefined) return refuse('manifest-malformed');
    const checked = checkManifest(manifest, this.options.registryKeys);
    if (!checked.ok) return checked;
    const { statement, untilMs } = checked.value;
    if (untilMs - statement.payload.ts > MAX_LIFETIME_MS) return refuse('manifest-lifetime');
    return isLogged(statement.leafHash, manifest.receipt, this.options.logs) ? checked : refuse('manifest-unlogged');
  }

  private announce(view: RegistryView | undefined): void {
    if (view === undefined) return;
    for (const member of view.members()) {
      const entry = view.memberEntry(member.member);
      if (entry !== undefined) this.members.set(member.member, { entry, document: member });
    }
    const { floor } = this.adoption;
    if (floor !== undefined) this.options.memory?.keep({ manifest: floor, members: [...this.members.values()] });
    this.options.events.adopted(view);
    for (const listener of this.listeners) listener(view);
    for (const waiter of this.waiters) {
      if (!waiter.predicate(view)) continue;
      clearTimeout(waiter.timer);
      this.waiters.delete(waiter);
      waiter.resolve(view);
    }
  }
}

function decodeManifest(value: Buffer): Manifest | undefined {
  try {
    return decode(ManifestSchema, value);
  } catch {
    // Bytes that are no manifest are refused by the caller with an alarm.
    return undefined;
  }
}

function unzip(value: Buffer): Buffer | undefined {
  try {
    return gunzipSync(value, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  } catch {
    // Not gzip, or larger than any snapshot may be: the caller alarms.
    return undefined;
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
