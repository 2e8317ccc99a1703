import {
  caseClientErrors,
  newSalt,
  type Acknowledgement,
  type CasesQuery,
  type MassRequest,
  type NewValue,
  type Standing,
  type ToldNotice,
  type WordedAct,
} from '#case-client';
import { ownerAct, type OwnerAct } from '#corrections';
import { parseSubsystemId } from '#kernel';
import { cliErrors } from '../cli.errors.js';
import { harmless } from '../terminal/harmless.js';
import type { Terminal } from '../terminal/terminal.js';
import { openCaseDesk, type DeskOptions } from './case-desk.service.js';
import { publishedSealingKey, type RegistryOptions } from './published-keys.service.js';
import { caseLine, caseLines, toldLines } from './case-text.command.js';
import { joinCommand, showCommand } from './next-step.command.js';

/** More than a person reads in a terminal; the rest shows when these are done. */
const MOST_LISTED = 1_000;

export interface ListOptions extends DeskOptions {
  readonly state: CasesQuery['state'];
  readonly json: boolean;
}

/** `kerege correction list`: cases of a subsystem, the oldest first; one JSON object a line with `--json`. */
export async function listCorrections({ state, json, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  const desk = await openCaseDesk(options);
  const found: Standing[] = [];
  let after: string | undefined;
  do {
    const { cases, next } = await desk.list({ state, after, limit: 100 });
    found.push(...cases);
    after = next;
  } while (after !== undefined && found.length < MOST_LISTED);
  for (const one of found) terminal.out(`${json ? JSON.stringify(one) : caseLine(one)}\n`);
  terminal.tell(found.length === 0 ? 'No such case.' : `${found.length} of them.`);
  const [oldest] = found;
  if (oldest !== undefined) terminal.tell(harmless(`  next: ${showCommand(oldest, options.typed)}`));
}

/** `kerege correction show`: the request, opened here and for this terminal only, its terms, and what can be done next. */
export async function showCorrection(id: string, options: DeskOptions & { json: boolean }, terminal: Terminal) {
  const found = await (await openCaseDesk(options)).read(id);
  const { standing, opened, flaw } = found;
  if (options.json) terminal.out(`${JSON.stringify({ ...standing, content: opened?.content, flaw })}\n`);
  else terminal.out(`${caseLines(found, options.typed, new Date().toISOString().slice(0, 10)).join('\n')}\n`);
}

/** `kerege correction receive`: signs the receipt over the request, once it was opened and found to be the one in the log. */
export async function receiveCorrection(id: string, options: DeskOptions, terminal: Terminal): Promise<void> {
  tell(await (await openCaseDesk(options)).receive(id), options, terminal);
}

/** An act of the owner as its options say it; a salt is made where its digest needs one. */
export async function actOnCorrection(
  id: string,
  said: Readonly<Record<string, unknown>>,
  options: DeskOptions,
  terminal: Terminal,
): Promise<void> {
  const act = actOf(said);
  tell(await (await openCaseDesk(options)).act(id, act), options, terminal);
}

/** `kerege correction ask` and `decide`: with own words for the person, sealed for the portal whose key the registry publishes. */
export async function sayOnCorrection(
  id: string,
  said: Readonly<Record<string, unknown>>,
  words: string | undefined,
  options: DeskOptions & RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  if (words === undefined) return actOnCorrection(id, said, options, terminal);
  const act = actOf(said) as WordedAct;
  const desk = await openCaseDesk(options);
  tell(await desk.say(id, act, words, (portal) => publishedSealingKey(options, portal)), options, terminal);
}

/** `kerege correction transfer`: opens the request here, and seals it anew for the key that the registry publishes. */
export async function transferCorrection(
  id: string,
  { target, reason }: { readonly target: string; readonly reason: string },
  options: DeskOptions & RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const act = actOf({ act: 'transfer', target, reason });
  if (act.act !== 'transfer') return;
  const desk = await openCaseDesk(options);
  const key = await publishedSealingKey(options, act.target);
  if (key === undefined) throw caseClientErrors.error('case-target-unknown');
  tell(await desk.transfer(id, act, key), options, terminal);
}

/** `kerege correction open-mass`: one decision for many; sealed for the owner itself, by the key that the registry publishes. */
export async function openMassCorrection(
  mass: MassRequest,
  options: DeskOptions & RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const desk = await openCaseDesk(options);
  const owner = parseSubsystemId(options.subsystem);
  const key = owner.ok ? await publishedSealingKey(options, owner.value) : undefined;
  if (key === undefined) throw caseClientErrors.error('case-target-unknown');
  const standing = await desk.openMass(mass, key);
  tell(standing, options, terminal);
  const join = joinCommand(standing.id, options.typed);
  terminal.tell(harmless(`  Once it is received, reviewed and accepted, for each case: ${join}`));
}

/** `kerege correction correct`: states the digests of the values that the register holds now, never the values. */
export async function correctCorrection(
  id: string,
  { values, effectiveFrom }: { readonly values: readonly NewValue[]; readonly effectiveFrom: string },
  options: DeskOptions,
  terminal: Terminal,
): Promise<void> {
  tell(await (await openCaseDesk(options)).correct(id, values, effectiveFrom), options, terminal);
}

/** `kerege correction told`: values that others have corrected and this subsystem got, each with the id to answer under. */
export async function listTold(options: DeskOptions & { json: boolean }, terminal: Terminal): Promise<void> {
  const desk = await openCaseDesk(options);
  const found: ToldNotice[] = [];
  let after: string | undefined;
  do {
    const { notices, next } = await desk.told(after);
    found.push(...notices);
    after = next;
  } while (after !== undefined && found.length < MOST_LISTED);
  for (const one of found)
    terminal.out(`${options.json ? JSON.stringify(one) : toldLines(one, options.typed).join('\n')}\n`);
  terminal.tell(found.length === 0 ? 'Nothing waits for an answer.' : `${found.length} of them.`);
}

/** `kerege correction acknowledge`: as a recipient, what became of the news that a value is corrected. */
export async function acknowledgeCorrection(
  noticeId: string,
  said: Acknowledgement,
  options: DeskOptions,
  terminal: Terminal,
): Promise<void> {
  await (await openCaseDesk(options)).acknowledge(noticeId, said);
  terminal.tell(`${terminal.paint('green', '✓')} Acknowledged. Its statement goes into the log.`);
}

function actOf(said: Readonly<Record<string, unknown>>): OwnerAct {
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  const act = ownerAct.safeParse(Object.fromEntries(given));
  if (act.success) return act.data;
  const problems = act.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw cliErrors.error('correction-words', { extensions: { problems } });
}

/** With what makes its digest one that nobody can guess. */
export function salted(said: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...said, salt: newSalt() };
}

function tell(standing: Standing, { typed }: DeskOptions, terminal: Terminal): void {
  const mark = terminal.paint('green', '✓');
  terminal.tell(
    `${mark} Signed and taken. Its statement goes into the log; until it is there the case stands as it was:`,
  );
  terminal.tell(harmless(`  ${caseLine(standing)}`));
  terminal.tell(harmless(`  next: ${showCommand(standing, typed)}`));
}
