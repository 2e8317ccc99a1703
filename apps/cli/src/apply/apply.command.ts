import { z } from 'zod';
import { newExchangeId } from '#kernel';
import { ChangeDesk, changesSchema } from '../changes/change-desk.service.js';
import { changeDesk, demandConfirmed } from '../changes/changes.command.js';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText, type HttpAnswer } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { officerToken } from '../login/login.command.js';
import {
  prepareApply,
  prepareMember,
  problemLine,
  type ApplyRequest,
  type MemberRequest,
  type PrepareOptions,
} from './prepare.service.js';
import { renderChanges } from './render-changes.js';

export interface ApplyOptions extends PrepareOptions {
  readonly registryUrl: string;
  readonly yes: boolean;
  /** Only what this member says, `CLASS/CODE`. */
  readonly member?: string | undefined;
  readonly reason: string;
  readonly effectiveAt?: string | undefined;
  readonly token: string;
  readonly tokenFile: string;
}

const answerSchema = z.object({
  changes: changesSchema,
  number: z.number(),
  applied: z.boolean(),
  inForce: z.boolean().default(false),
});
const problemsSchema = z.object({
  problems: z.array(
    z.object({ code: z.string(), line: z.number(), column: z.number(), path: z.string(), message: z.string() }),
  ),
});

/**
 * `kerege apply`: makes the registry hold exactly what a definition says, and tells the difference. Who has signed in
 * asks for it, and another person approves; without officers this machine applies at once.
 */
export async function applyCommand(options: ApplyOptions, terminal: Terminal): Promise<void> {
  if (options.member !== undefined) return askAsMember(options, options.member, terminal);
  const { request, madeKeys } = await prepareApply(options);
  const token = options.dryRun ? undefined : await officerToken(options.token, options.tokenFile);
  const { definition, documents, openapi } = request;
  const asked = { definition, documents, openapi };
  if (token !== undefined) return requestChange(options, asked, new ChangeDesk(options.registryUrl, token), terminal);
  const answer = await ask(new URL('/v1/apply', options.registryUrl).href, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (answer.status !== 200) throw refusal(options.file, answer);
  const outcome = answerSchema.safeParse(parseJson(answer.body));
  if (!outcome.success)
    throw cliErrors.error('server-refused', { extensions: { problem: 'the answer is no apply answer' } });
  tellOutcome(outcome.data, options, madeKeys, terminal);
}

/** With the keys of one member only, as its administrator has them. */
async function askAsMember(options: ApplyOptions, member: string, terminal: Terminal): Promise<void> {
  const desk = await changeDesk(options);
  return requestChange(options, await prepareMember(options, member), desk, terminal);
}

/** Shows the differences before it asks, and asks before it sends. */
async function requestChange(
  { reason, effectiveAt, yes, dryRun: isTried }: ApplyOptions,
  request: Omit<ApplyRequest, 'dryRun'> | MemberRequest,
  desk: ChangeDesk,
  terminal: Terminal,
): Promise<void> {
  const wanted = {
    ...request,
    base: await desk.version(),
    reason,
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
  };
  const { changes } = await desk.request({ ...wanted, dryRun: true });
  const { lines, counts } = renderChanges(changes, terminal.paint);
  for (const line of lines) terminal.out(`${line}\n`);
  if (changes.length === 0) {
    terminal.tell('No changes; the registry says this already.');
    return;
  }
  if (isTried) {
    terminal.tell(`${counts}. Dry run: nothing was asked for.`);
    return;
  }
  await demandConfirmed(`${counts}. Ask for this?`, yes, terminal);
  const { id = '' } = await desk.request({ ...wanted, id: newExchangeId() });
  terminal.out(`${id}\n`);
  terminal.tell(`${counts}. Waits for another person: kerege changes approve ${id}`);
}

function tellOutcome(
  outcome: z.infer<typeof answerSchema>,
  { dryRun, keysDir }: ApplyOptions,
  madeKeys: readonly string[],
  terminal: Terminal,
): void {
  const { lines, counts } = renderChanges(outcome.changes, terminal.paint);
  for (const line of lines) terminal.out(`${line}\n`);
  if (madeKeys.length > 0)
    terminal.tell(`${madeKeys.length} key files ${dryRun ? 'would be made' : 'made'} in ${keysDir}`);
  if (outcome.changes.length === 0) terminal.tell(`No changes; snapshot ${outcome.number} says this already.`);
  else if (dryRun) terminal.tell(`${counts}. Dry run: nothing was changed.`);
  else
    terminal.tell(
      `${counts}. Snapshot ${outcome.number} ${outcome.inForce ? 'is in force.' : 'will be in force soon.'}`,
    );
}

function refusal(file: string, answer: HttpAnswer) {
  const parsed = problemsSchema.safeParse(parseJson(answer.body));
  const problems = parsed.success
    ? parsed.data.problems.map((problem) => problemLine(file, problem))
    : [problemText(answer)];
  const isTheirs = answer.status >= 500;
  return cliErrors.error(isTheirs ? 'server-refused' : 'apply-refused', { extensions: { problems } });
}
