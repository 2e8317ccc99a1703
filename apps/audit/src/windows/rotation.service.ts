import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { parseStatement, signStatement, type LogClosedPayload, type Signer, type Statement } from '#signing';
import { xidOf } from '../intake/decide.js';
import { partyOf, registryInstance, type Law } from '../intake/law.js';
import type { NewLeaf, NewManifest } from '../sequencer/log.store.js';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import type { SequencedLog } from '../sequencer/sequencer.service.js';
import { closedPayload, openedPayload } from './border.js';
import type { LogKey, LogKeys } from './log-keys.service.js';
import { rotationCause, successorOrigin } from './window-name.js';
import type { WindowStore } from './window.store.js';

export interface RotationOptions {
  readonly windows: WindowStore;
  readonly keys: LogKeys;
  /** Audit's instance key and name, with which it states the border. */
  readonly signer: Signer;
  readonly instanceId: string;
  readonly maxLeaves: number;
  readonly sequenced: (logId: number, key: LogKey) => SequencedLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where the window stands that might end, with the batch in hand. */
export interface Place {
  readonly logId: number;
  readonly origin: string;
  readonly size: number;
  /** Of the batch's last record, by the broker's clock. */
  readonly atMs: number;
}

/** What the successor of a closed log begins with. */
export interface FirstLeaves {
  readonly log: SequencedLog;
  readonly leaves: readonly NewLeaf[];
  readonly manifests: readonly NewManifest[];
}

/** A rotation that cannot be made holds nothing up; it is tried again after this. */
const RETRY_MS = 60_000;
/** Offset of a leaf that comes from no record. */
const NO_RECORD = -1n;

/**
 * Decides when a window ends, and states both sides of the border (`audit-log.md` §3.7). A window is closed only if its
 * successor's key is here and trusted, so that it can be opened at once: without one the old window goes on, loudly.
 */
export class Rotation {
  /** Why the last rotation that was due was not made; for `/status`. */
  problem: string | undefined;
  private retryAtMs = -Infinity;

  constructor(private readonly options: RotationOptions) {}

  /** The last leaf, if the window is to end with this batch. Never rejects: a stamp does not wait for a rotation. */
  async lastLeaf(place: Place, law: Law | undefined, isAsked = false): Promise<NewLeaf | undefined> {
    const { maxLeaves, clock } = this.options;
    const cause = rotationCause(place, { atMs: place.atMs, maxLeaves, isAsked });
    if (cause === undefined || law === undefined || clock.now() < this.retryAtMs) return undefined;
    try {
      const leaf = await this.close(place, law);
      this.options.logger.info({ origin: place.origin, cause, size: leaf.index + 1 }, 'window is closed');
      this.problem = undefined;
      return leaf;
    } catch (err) {
      this.retryAtMs = clock.now() + RETRY_MS;
      this.problem = `the window is due for rotation (${cause}) and cannot be closed`;
      this.options.logger.error({ alarm: 'rotation-held-up', err, origin: place.origin, cause }, 'alarm');
      return undefined;
    }
  }

  /** Everything that opens the successor that the last leaf of a closed log names. */
  async firstLeaves(logId: number, vkey: string, law: Law): Promise<FirstLeaves> {
    const { windows, keys, clock, instanceId, signer } = this.options;
    const window = await windows.byId(logId);
    const last = window === undefined ? undefined : await windows.lastLeaf(logId, window.size);
    const parsed = last === undefined ? undefined : parseStatement(last.body.toString('latin1'));
    const manifest = await windows.lastManifest(logId);
    if (window === undefined || last === undefined || manifest === undefined || !isClosing(parsed))
      throw sequencerErrors.error('log-damaged', { details: { problem: 'log-closed', logId } });
    const key = await keys.load(successorOf(parsed.value));
    // Another key of the same name would make a log that the old one does not vouch for.
    if (key.vkey !== parsed.value.payload.ref)
      throw sequencerErrors.error('log-key-mismatch', { details: { origin: key.key.name } });
    await windows.makePartition(logId + 1);
    const { size, note } = window;
    const border = openedPayload({ vkey, size, note, closedHash: last.leafHash }, clock.now());
    const opened = await signStatement(border, signer);
    this.requireOurs(opened, law);
    const goesOn = parseStatement(manifest.statement);
    if (!goesOn.ok) throw sequencerErrors.error('log-damaged', { details: { problem: 'manifest', logId } });
    return {
      log: this.options.sequenced(logId + 1, key),
      leaves: [leafOf(opened, instanceId, 0), leafOf(goesOn.value, registryInstance(law), 1)],
      manifests: [{ ...manifest, index: 1 }],
    };
  }

  private async close({ logId, origin, size, atMs }: Place, law: Law): Promise<NewLeaf> {
    const { windows, keys, clock, instanceId, signer } = this.options;
    const successor = successorOrigin(origin, atMs);
    if (successor === undefined) throw sequencerErrors.error('log-key-mismatch', { details: { origin } });
    const { vkey } = await keys.load(successor);
    const closed = await signStatement(closedPayload(size + 1, vkey, clock.now()), signer);
    this.requireOurs(closed, law);
    await windows.makePartition(logId + 1);
    return leafOf(closed, instanceId, size);
  }

  /** What intake would refuse from anybody must not be written by ourselves. */
  private requireOurs(statement: Statement, law: Law): void {
    const { instanceId } = this.options;
    const party = partyOf(statement, law);
    if (!party.ok || party.value.signer !== instanceId)
      throw sequencerErrors.error('instance-key-unknown', { details: { instance: instanceId } });
  }
}

/** `ref` is a vkey, whose name is the origin. */
function successorOf({ payload }: Statement<LogClosedPayload>): string {
  return payload.ref.slice(0, payload.ref.indexOf('+'));
}

function isClosing(
  parsed: ReturnType<typeof parseStatement> | undefined,
): parsed is { readonly ok: true; readonly value: Statement<LogClosedPayload> } {
  return parsed?.ok === true && parsed.value.payload.t === 'log.closed';
}

function leafOf(statement: Statement, signer: string, index: number): NewLeaf {
  const { jws, leafHash } = statement;
  return { xid: xidOf(statement), slot: '-', signer, leafHash, index, body: Buffer.from(jws), offset: NO_RECORD };
}
