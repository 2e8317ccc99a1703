import type { BusAccess } from '#bus';
import { rightsByHand } from '#contracts';
import { AppError, type InstanceId } from '#kernel';
import type { Logger, Reading } from '#platform';
import type { Snapshot } from '#snapshot';
import { rightsOfFirst } from './rights-of.js';
import { planRights, type RightsPlan } from './rights-plan.js';

export interface BusRightsOptions {
  /** Absent: there is no broker that could keep lists. */
  readonly access: BusAccess | undefined;
  /** Identifiers of the audits that may answer the first manifest. */
  readonly firstAudits: readonly InstanceId[];
  readonly logger: Logger;
}

type Standing = 'unread' | 'kept' | 'none' | 'refused';

/**
 * Brings the broker's access lists to what a snapshot says: rights before it is published, so that whom it names can
 * work with it, and what it no longer allows afterwards, so that nobody is cut off who still goes by the one before. It
 * never holds a snapshot up: one that revokes a key has to come out also where the lists cannot be written, and then
 * `/status` is degraded and the next publication, a minute later at most, tries again. Whatever a crash leaves between,
 * the next publication compares anew.
 */
export class BusRightsService {
  /** How the lists stood when they were last read or written; written by `attempt`. */
  private standing: Standing = 'unread';
  private foreign = 0;
  private managed = 0;

  constructor(private readonly options: BusRightsOptions) {}

  /** Before the snapshot is published. */
  async widen(snapshot: Snapshot): Promise<void> {
    await this.attempt(snapshot, async ({ missing }, access) => {
      if (missing.length === 0) return;
      await access.grant(missing);
      this.options.logger.info({ granted: missing.length, number: snapshot.number }, 'rights on the bus were granted');
    });
  }

  /** After the snapshot has come into force: what it says, and nothing else, whatever was done to the lists by hand. */
  async settle(snapshot: Snapshot): Promise<void> {
    await this.widen(snapshot);
    await this.attempt(snapshot, async ({ surplus }, access) => {
      if (surplus.length === 0) return;
      await access.revoke(surplus);
      this.options.logger.info({ revoked: surplus.length, number: snapshot.number }, 'rights on the bus were revoked');
    });
  }

  /** For `/status`. */
  reading(): Reading {
    const details = { managed: this.managed, foreign: this.foreign };
    switch (this.standing) {
      case 'kept':
        return { state: 'ok', details };
      case 'none':
        // What the operator chose, e.g. on a machine of his own, is no trouble; that it is so stands here and in the log.
        return { state: 'ok', details: { lists: 'none: whoever reaches the broker may do everything' } };
      case 'refused':
        return { state: 'degraded', reason: 'the access lists of the broker cannot be written' };
      case 'unread':
        return { state: 'degraded', reason: 'the access lists of the broker were not read yet' };
    }
  }

  private async attempt(
    snapshot: Snapshot,
    work: (plan: RightsPlan, access: BusAccess) => Promise<void>,
  ): Promise<void> {
    const { access, firstAudits, logger } = this.options;
    try {
      const granted = await access?.granted();
      if (access === undefined || granted === undefined) {
        this.sayNone(access !== undefined);
        return;
      }
      const wanted = rightsOfFirst(snapshot, firstAudits);
      const byHand = snapshot.instances.filter(({ kind }) => kind === 'registry').flatMap(({ id }) => rightsByHand(id));
      const plan = planRights(snapshot.instance, wanted, granted.rights, byHand);
      await work(plan, access);
      this.standing = 'kept';
      this.managed = wanted.length;
      this.foreign = plan.foreign + granted.others;
    } catch (err) {
      this.standing = 'refused';
      logger.error(
        { err: err instanceof AppError ? err : undefined },
        'the access lists of the broker could not be brought to the snapshot; docs/operations/kafka-access.md',
      );
    }
  }

  /** A bus within one process has nobody to keep out. */
  private sayNone(isBroker: boolean): void {
    if (isBroker && this.standing !== 'none')
      this.options.logger.warn(
        {},
        'THE BROKER KEEPS NO ACCESS LISTS: whoever reaches it reads and writes every topic (docs/security.md, Kafka)',
      );
    this.standing = 'none';
  }
}
