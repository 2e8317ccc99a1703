import { Listr, type ListrTaskWrapper } from 'listr2';
import { STEPS, type StepEvent, type StepListener, type StepName } from '../instance/step.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- listr2's own renderer types; nothing of them is used */
type Task = ListrTaskWrapper<any, any, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

interface Line {
  readonly done: PromiseWithResolvers<undefined>;
  /** Set when the list draws its line. */
  task: Task | undefined;
  /** Set by the last event of the step. */
  isOver: boolean;
}

/** Shows the steps of a start while they run, with the time that each took. */
export class Progress {
  private readonly lines = new Map<StepName, Line>();
  private readonly shown: Promise<unknown>;

  constructor() {
    const names = Object.keys(STEPS) as StepName[];
    for (const name of names)
      this.lines.set(name, { done: Promise.withResolvers<undefined>(), task: undefined, isOver: false });
    const list = new Listr(
      names.map((name) => ({ title: STEPS[name], task: (_: unknown, task: Task) => this.show(name, task) })),
      { concurrent: true, exitOnError: false, registerSignalListeners: false, rendererOptions: { timer: undefined } },
    );
    this.shown = list.run();
  }

  readonly listener: StepListener = (event) => {
    const line = this.lines.get(event.step);
    if (line === undefined) return;
    if (line.task !== undefined) this.draw(line.task, event);
    if (event.state === 'done' || event.state === 'skipped' || event.state === 'failed') {
      line.isOver = true;
      line.done.resolve(undefined);
    }
  };

  /** The list is drawn to its end; whatever has not come is left open. */
  async end(): Promise<void> {
    for (const { done, task, isOver } of this.lines.values()) {
      if (!isOver) task?.skip(task.title);
      done.resolve(undefined);
    }
    await this.shown;
  }

  private show(name: StepName, task: Task): Promise<undefined> {
    const line = this.lines.get(name);
    if (line === undefined) return Promise.resolve(undefined);
    line.task = task;
    return line.done.promise;
  }

  private draw(task: Task, { step, state, ms, note }: StepEvent): void {
    const seconds = `${(ms / 1000).toFixed(1)} s`;
    if (state === 'note') task.output = note ?? '';
    if (state === 'done') task.title = `${STEPS[step]} [${seconds}]`;
    if (state === 'skipped') task.title = `${STEPS[step]} [${note ?? 'not needed'}]`;
    if (state === 'failed') task.skip(`${STEPS[step]}: failed after ${seconds}`);
  }
}
