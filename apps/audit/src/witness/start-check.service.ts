import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '#platform';
import type { Checkpoint } from '#tlog';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import { checkMemories, type Remembered, type RootAt } from './memories.js';
import { witnessErrors } from './witness.errors.js';
import type { Memory, WitnessClient } from './witness-client.service.js';

export interface StartCheckOptions {
  readonly witnesses: readonly Pick<WitnessClient, 'memory' | 'address'>[];
  /** The newest checkpoints of this log on the topic; rejects if it cannot be read. */
  readonly published: () => Promise<readonly Checkpoint[]>;
  /** The checkpoint of an exported log, if there is one. */
  readonly exported: () => Promise<Remembered | undefined>;
  readonly rootAt: RootAt;
  /** Whether two operators have said that the log may start at this size without a witness. */
  readonly isApproved: (size: number) => Promise<boolean>;
  readonly logger: Logger;
  /** How long witnesses that start beside us are waited for. */
  readonly patienceMs?: number;
}

interface Answer {
  readonly source: string;
  readonly memory: Memory;
}

const PATIENCE_MS = 5_000;
/** For a witness where we only go on with a log: stamps wait meanwhile. */
const CONTINUED_MS = 500;
const PAUSE_MS = 200;

/**
 * Before a log is taken over: what others remember of it is compared with what the database holds (`audit-log.md` §3.4).
 * It promises that no stamp is made in a log which is behind, or another tree than, any checkpoint that the topic, an
 * export or an answering witness holds; and that silence of all witnesses is not taken for consent.
 */
export class StartCheck {
  /** What was alarmed last: it is tried again until a human has looked, and told once. */
  private alarmed: string | undefined;

  constructor(private readonly options: StartCheckOptions) {}

  /**
   * Rejects with `log-behind`, `log-forked`, `witnesses-silent`, or with what could not be read. A log that was checked
   * in the same epoch and is continued is compared again, because a database may have lost another's epoch with its
   * stamps; but witnesses were heard then, so that their silence says nothing now, and holds nothing up.
   */
  async check(size: number, isContinued = false): Promise<void> {
    const { published, exported, rootAt } = this.options;
    const [topic, file] = [await published(), await exported()];
    const witnesses = isContinued ? remembered(await this.askAll(CONTINUED_MS)) : await this.witnessMemories(size);
    const memories = [
      ...topic.map((checkpoint) => ({ source: 'checkpoint-topic', size: checkpoint.size, root: checkpoint.root })),
      ...(file === undefined ? [] : [file]),
      ...witnesses,
    ];
    const checked = await checkMemories(size, memories, rootAt);
    if (checked.ok) {
      this.alarmed = undefined;
      return;
    }
    const { problem, source, size: rememberedSize } = checked.reason;
    const code = problem === 'behind' ? 'log-behind' : 'log-forked';
    const details = { size, remembered: rememberedSize, source };
    const alarm = JSON.stringify([code, details]);
    if (alarm !== this.alarmed)
      this.options.logger.error({ alarm: code, ...details }, 'the log is not what others remember: it is not started');
    this.alarmed = alarm;
    throw problem === 'behind'
      ? sequencerErrors.error('log-behind', { details })
      : witnessErrors.error('log-forked', { details });
  }

  private async witnessMemories(size: number): Promise<Remembered[]> {
    const { witnesses, isApproved, logger } = this.options;
    if (witnesses.length === 0) return [];
    const answers = await this.askWitnesses();
    if (answers.every(({ memory }) => memory === 'no-answer')) {
      if (!(await isApproved(size))) throw witnessErrors.error('witnesses-silent', { details: { size } });
      logger.error({ alarm: 'started-unwitnessed', size }, 'no witness answers: started on the word of two operators');
    }
    return remembered(answers);
  }

  /** Until one has answered, or patience ends. A witness that is away then says nothing; the others are enough. */
  private async askWitnesses(): Promise<Answer[]> {
    const untilMs = performance.now() + (this.options.patienceMs ?? PATIENCE_MS);
    for (;;) {
      const answers = await this.askAll();
      if (answers.some(({ memory }) => memory !== 'no-answer') || performance.now() >= untilMs) return answers;
      await pause(PAUSE_MS);
    }
  }

  private askAll(withinMs?: number): Promise<Answer[]> {
    const ask = async (witness: StartCheckOptions['witnesses'][number]) => {
      const late = withinMs === undefined ? [] : [pause(withinMs, 'no-answer' as const, { ref: false })];
      return { source: witness.address.key.name, memory: await Promise.race([witness.memory(), ...late]) };
    };
    return Promise.all(this.options.witnesses.map((witness) => ask(witness)));
  }
}

function remembered(answers: readonly Answer[]): Remembered[] {
  return answers.flatMap(({ source, memory }) =>
    typeof memory === 'string' ? [] : [{ source, size: memory.size, root: memory.root }],
  );
}
