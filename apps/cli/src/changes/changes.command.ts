import { newExchangeId } from '#kernel';
import { cliErrors } from '../cli.errors.js';
import { officerToken } from '../login/login.command.js';
import type { Terminal } from '../terminal/terminal.js';
import { ChangeDesk, type ChangeView } from './change-desk.service.js';
import { headOf, wholeOf } from './render-change.js';

export interface DeskOptions {
  readonly registryUrl: string;
  readonly token: string;
  readonly tokenFile: string;
}

export interface SuspendOptions extends DeskOptions {
  readonly of: string;
  readonly endpoint?: string | undefined;
  readonly reason: string;
}

/** Of whoever has signed in; refuses where nobody has. */
export async function changeDesk({ registryUrl, token, tokenFile }: DeskOptions): Promise<ChangeDesk> {
  const found = await officerToken(token, tokenFile);
  if (found === undefined) throw cliErrors.error('not-signed-in');
  return new ChangeDesk(registryUrl, found);
}

export async function listChanges({ all, ...options }: DeskOptions & { all: boolean }, terminal: Terminal) {
  const desk = await changeDesk(options);
  await tellAll(desk.list(!all), terminal, headOf);
}

export async function showChange({ id, ...options }: DeskOptions & { id: string }, terminal: Terminal) {
  const desk = await changeDesk(options);
  terminal.out(wholeOf(await desk.one(id), terminal.paint));
}

export async function changeHistory(
  { kind, id, ...options }: DeskOptions & { kind: string; id: string },
  terminal: Terminal,
) {
  const desk = await changeDesk(options);
  await tellAll(desk.history(kind, id), terminal, wholeOf);
}

/** Shows what it would do before it asks. */
export async function approveChange(
  { id, yes, ...options }: DeskOptions & { id: string; yes: boolean },
  terminal: Terminal,
) {
  const desk = await changeDesk(options);
  terminal.out(wholeOf(await desk.one(id), terminal.paint));
  await demandConfirmed('Approve this change?', yes, terminal);
  tellOutcome(await desk.decide(id, 'approval'), terminal);
}

export async function decideChange(
  { id, act, reason, ...options }: DeskOptions & { id: string; act: 'rejection' | 'withdrawal'; reason: string },
  terminal: Terminal,
) {
  const desk = await changeDesk(options);
  tellOutcome(await desk.decide(id, act, reason), terminal);
}

/** At once, as a security officer; `kerege changes resume` asks for the end of it. */
export async function suspend({ of, endpoint, reason, ...options }: SuspendOptions, terminal: Terminal) {
  const desk = await changeDesk(options);
  tellOutcome(await desk.suspend({ id: newExchangeId(), of, endpoint, reason }), terminal);
}

export async function resume({ of, endpoint, reason, ...options }: SuspendOptions, terminal: Terminal) {
  const desk = await changeDesk(options);
  const patch = { suspensions: { remove: [endpoint === undefined ? { of } : { of, endpoint }] } };
  const { id } = await desk.request({ id: newExchangeId(), base: await desk.version(), patch, reason });
  terminal.tell(id === undefined ? 'It is not suspended.' : `${id} waits for another person’s approval.`);
}

/** Where nobody sits, `--yes` has to say so beforehand. */
export async function demandConfirmed(question: string, yes: boolean, { confirm }: Terminal): Promise<void> {
  if (yes) return;
  if (confirm === undefined || !(await confirm(question))) throw cliErrors.error('not-confirmed');
}

function tellOutcome({ id, state }: ChangeView, terminal: Terminal): void {
  terminal.tell(`${id} is ${state}.`);
}

async function tellAll(
  found: AsyncGenerator<ChangeView>,
  terminal: Terminal,
  render: (view: ChangeView, paint: Terminal['paint']) => string,
): Promise<void> {
  let count = 0;
  for await (const view of found) {
    terminal.out(render(view, terminal.paint));
    count += 1;
  }
  terminal.tell(`${count} requests.`);
}
