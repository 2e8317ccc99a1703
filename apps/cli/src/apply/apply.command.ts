import { z } from 'zod';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText, type HttpAnswer } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { prepareApply, problemLine, type PrepareOptions } from './prepare.service.js';
import { renderChanges } from './render-changes.js';

export interface ApplyOptions extends PrepareOptions {
  readonly registryUrl: string;
}

const answerSchema = z.object({
  changes: z.array(
    z.object({
      op: z.enum(['add', 'change', 'remove']),
      kind: z.string(),
      id: z.string(),
      detail: z.string().optional(),
    }),
  ),
  number: z.number(),
  applied: z.boolean(),
  inForce: z.boolean().default(false),
});
const problemsSchema = z.object({
  problems: z.array(
    z.object({ code: z.string(), line: z.number(), column: z.number(), path: z.string(), message: z.string() }),
  ),
});

/** `kerege apply`: makes the registry hold exactly what a definition says, and tells the difference. */
export async function applyCommand(options: ApplyOptions, terminal: Terminal): Promise<void> {
  const { request, madeKeys } = await prepareApply(options);
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
