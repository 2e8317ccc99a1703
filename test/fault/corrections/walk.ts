import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#testing';
import type { Random } from '../chaos/random.js';
import { NEXT_OWNER, OWNER, RECIPIENTS, RIGHT, type Actors, type Person, type Told } from './actors.js';
import type { Inbox } from './inbox.js';
import type { LogWatch } from './log-watch.js';
import type { Reaper, Victim } from './reaper.js';

/** A transition, or the words of those who were told, as somebody brings it about. */
interface Deed {
  readonly name: string;
  /** Absent: it happens by itself. */
  readonly act?: () => Promise<Told>;
  readonly stands: () => boolean;
}

interface Progress {
  sentMs: number | undefined;
  isTaken: boolean;
  stoodMs: number | undefined;
  readonly told: string[];
}

/** How a deed stood when the process died. */
export type Moment = 'under way' | 'pending' | 'just stood';

export interface Row {
  readonly path: string;
  readonly deed: string;
  readonly victim: Victim | undefined;
  readonly moment: Moment | undefined;
  /** What the actor was told, in order; what was told several times in a row once. */
  readonly told: readonly string[];
  /** From the kill until the process said that it is ready. */
  readonly backMs: number | undefined;
  /** From the kill until the log showed the transition; 0: it did already. */
  readonly stoodMs: number | undefined;
}

export interface Scene {
  readonly actors: Actors;
  readonly inbox: Inbox;
  readonly log: LogWatch;
  readonly reaper: Reaper;
  readonly random: Random;
  /** Later nobody is killed any more; written by `drill` when the first begin. */
  killUntilMs: number;
  readonly rows: Row[];
}

export interface Plan {
  readonly path: string;
  /** Kills go on until its end, however long that takes. */
  readonly isWhole?: boolean;
  readonly victimOf: (deed: string) => Victim | undefined;
}

const PATIENCE_MS = 180_000;
/** A moment that does not come because of what was killed before is not waited for. */
const MOMENT_MS = 15_000;
const AGAIN_MS = 200;

/** One case, whose actors do what is theirs, and do it again when they hear nothing or are told to. */
export class Walk {
  constructor(
    private readonly scene: Scene,
    readonly person: Person,
    private readonly plan: Plan,
  ) {}

  /** Up to the review, whose mark is on the answers then. */
  async reviewed(): Promise<void> {
    const { actors } = this.scene;
    await this.together(
      this.deed('submitted', () => actors.file(this.person)),
      this.deed('routed'),
    );
    await this.received();
    await this.started();
  }

  async started(times = 1): Promise<void> {
    await this.owners('review-started', 'start', {}, times);
    await this.marked(true);
  }

  async asked(): Promise<void> {
    const { actors } = this.scene;
    await this.owners('info-requested', 'request-info', { question: 'document-needed' });
    const said = { text: 'Nobody has such a document.' };
    await this.together(this.deed('info-provided', () => actors.inCase(this.person, 'info', said)));
    await this.owners('extended', 'extend', { reason: 'study-needed' });
  }

  accepted(times = 1): Promise<void> {
    return this.owners('decided', 'decide', decision('ACCEPTED'), times);
  }

  rejected(): Promise<void> {
    return this.owners('decided', 'decide', decision('REJECTED'));
  }

  appealed(): Promise<void> {
    return this.together(this.deed('reopened', () => this.scene.actors.inCase(this.person, 'appeal')));
  }

  async withdrawn(): Promise<void> {
    await this.together(this.deed('withdrawn', () => this.scene.actors.inCase(this.person, 'withdraw')));
    await this.marked(false);
  }

  /** Handed on to whose copy it is, who takes it up anew. */
  async transferred(): Promise<void> {
    const { actors } = this.scene;
    const said = { target: NEXT_OWNER, reason: 'copy-stale' };
    const on = this.deed('transferred', () => actors.owner(this.person, 'transfer', said));
    await this.together(on, this.deed('routed', undefined, 2));
    await this.together(this.deed('received', undefined, 2));
    await this.together(this.deed('review-started', () => actors.nextOwner(this.person, 'start'), 2));
    await this.marked(true);
  }

  /** From the decision on until the case is closed. */
  async corrected(): Promise<void> {
    const { actors, inbox } = this.scene;
    await actors.enter(this.person);
    const said = { values: [{ item: 0, value: RIGHT }], effectiveFrom: RIGHT };
    const correct = this.deed('corrected', () => actors.owner(this.person, 'corrected', said));
    await this.together(correct, this.deed('propagating'), this.deed('verified'));
    await this.marked(false);
    const heard = RECIPIENTS.map((to) => inbox.heard(to, 'data.corrected', this.person.subject, PATIENCE_MS));
    const notices = await Promise.all(heard);
    const answered = new Set<string>();
    const acknowledge = async () => {
      const said = await Promise.all(notices.map(({ to, id }) => this.acknowledged(to, id, answered)));
      return said.find(({ status }) => status !== 200) ?? said[0]!;
    };
    const stands = () => answered.size === notices.length;
    await this.together({ name: 'acknowledged', act: acknowledge, stands }, this.deed('closed'));
  }

  private get isKilled(): boolean {
    return this.plan.isWhole === true || Date.now() < this.scene.killUntilMs;
  }

  /** Deeds of which each follows on the one before, without a pause in which the process could live again unseen. */
  async together(...deeds: readonly Deed[]): Promise<void> {
    const { reaper } = this.scene;
    const victim = deeds.map(({ name }) => this.plan.victimOf(name)).find((one) => one !== undefined);
    const isKilling = victim !== undefined && this.isKilled;
    const end = isKilling ? await reaper.permit(victim) : () => undefined;
    try {
      for (const deed of deeds) {
        const after = await this.killedAt(deed, isKilling ? this.plan.victimOf(deed.name) : undefined);
        // What the last one still needs keeps nobody else from dying.
        if (deed === deeds.at(-1)) end();
        await after.done();
      }
    } finally {
      end();
    }
  }

  private async owners(name: string, act: string, said: object, times = 1): Promise<void> {
    await this.together(this.deed(name, () => this.scene.actors.owner(this.person, act, said), times));
  }

  /** By the owner's connector, when the agency's system has the request; half of them die before that has said so. */
  private async received(): Promise<void> {
    const { inbox, random, reaper } = this.scene;
    const { correctionId } = this.person;
    const victim = this.plan.victimOf('received');
    const deed = this.deed('received');
    if (victim === undefined || random.next() < 0.5 || !this.isKilled) return this.together(deed);
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<boolean>();
    inbox.beforeTaking('correction', correctionId, () => mayAnswer.then(() => undefined));
    await inbox.heard(OWNER, 'correction', correctionId, PATIENCE_MS);
    const end = await reaper.permit(victim);
    try {
      const after = await this.killedAt(deed, victim, () => answer(true));
      end();
      await after.done();
    } finally {
      answer(true);
      end();
    }
  }

  private async acknowledged(to: string, noticeId: string, answered: Set<string>): Promise<Told> {
    if (answered.has(to)) return { status: 200, code: undefined, refusal: undefined, body: {} };
    const told = await this.scene.actors.acknowledge(to, noticeId);
    if (told.status === 200 || told.refusal === 'acknowledged-already') answered.add(to);
    return told;
  }

  private deed(name: string, act?: () => Promise<Told>, times = 1): Deed {
    const { log } = this.scene;
    const stands = () => log.times(this.person.correctionId, name) >= times;
    return { name, stands, ...(act === undefined ? {} : { act }) };
  }

  /** Begins it and kills; `done` waits until it stands. `died` is called before the process is started again. */
  private async killedAt(
    deed: Deed,
    victim: Victim | undefined,
    died?: () => void,
  ): Promise<{ readonly done: () => Promise<unknown> }> {
    const { reaper, rows } = this.scene;
    const progress: Progress = { sentMs: undefined, isTaken: false, stoodMs: undefined, told: [] };
    const performing = this.perform(deed, progress);
    // Waited for by `done`, when the process is there again.
    performing.catch(() => undefined);
    const row = { path: this.plan.path, deed: deed.name, victim, told: progress.told };
    if (victim === undefined) {
      const note = () => rows.push({ ...row, moment: undefined, backMs: undefined, stoodMs: undefined });
      return { done: () => performing.then(note) };
    }
    if (died === undefined) await this.momentOf(deed, progress);
    const moment = deed.stands() ? 'just stood' : progress.isTaken ? 'pending' : 'under way';
    const { killedMs, backMs } = await reaper.kill(victim, died);
    const note = () => {
      const stoodMs = Math.max(0, (progress.stoodMs ?? Infinity) - killedMs);
      rows.push({ ...row, moment, backMs: backMs - killedMs, stoodMs });
    };
    return { done: () => performing.then(note) };
  }

  /** While the request is under way, when it was taken, or when it has just stood: by chance. */
  private async momentOf(deed: Deed, progress: Progress): Promise<void> {
    const { random } = this.scene;
    const wanted = random.pick(['sent', 'taken', 'stood']);
    const isThere = () => {
      if (deed.stands()) return true;
      if (wanted === 'taken') return progress.isTaken || deed.act === undefined;
      return wanted === 'sent' && (progress.sentMs !== undefined || deed.act === undefined);
    };
    await eventually(isThere, { timeoutMs: MOMENT_MS, intervalMs: 5 }).catch(() => undefined);
    await delay(random.between(0, wanted === 'stood' ? 50 : 200));
  }

  /** As a real actor: what was taken is left to go its way, everything else is tried again. */
  private async perform(deed: Deed, progress: Progress): Promise<void> {
    const untilMs = Date.now() + PATIENCE_MS;
    while (!deed.stands()) {
      if (Date.now() >= untilMs)
        throw new TypeError(`${this.plan.path}: ${deed.name} does not stand; told: ${progress.told.join(', ')}`);
      if (deed.act !== undefined && !progress.isTaken) {
        progress.sentMs = Date.now();
        const told = await deed.act();
        progress.isTaken = told.status === 200 || told.status === 201;
        const words = wordsOf(told);
        if (progress.told.at(-1) !== words) progress.told.push(words);
      }
      await delay(progress.isTaken || deed.act === undefined ? 20 : AGAIN_MS);
    }
    progress.stoodMs = Date.now();
  }

  private async marked(isOn: boolean): Promise<void> {
    const { actors } = this.scene;
    const isRight = async () => {
      const mark = await actors.mark(this.person);
      return mark !== undefined && (mark !== null) === isOn;
    };
    await eventually(isRight, { timeoutMs: PATIENCE_MS, intervalMs: 300 }).catch(() => {
      throw new TypeError(`the mark does not ${isOn ? 'come' : 'go'}`);
    });
  }
}

/** What a case worker decides, with the reason that tells the one from the other. */
export function decision(outcome: 'ACCEPTED' | 'REJECTED', reasonCode?: string): object {
  const isAccepted = outcome === 'ACCEPTED';
  return {
    ...{ outcome, legalRef: 'Demo Act on Personal Data, section 15', approvedBy: 'officer-1' },
    reasonCode: reasonCode ?? (isAccepted ? 'error-confirmed' : 'data-correct'),
    ...{ accepted: isAccepted ? [0] : [], remedies: isAccepted ? [] : ['court'] },
  };
}

export function wordsOf({ status, code, refusal }: Told): string {
  if (status === undefined) return 'nothing';
  return [status, refusal ?? code].filter((word) => word !== undefined).join(' ');
}
