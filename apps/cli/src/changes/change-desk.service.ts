import { z } from 'zod';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText, type HttpAnswer } from '../terminal/json-client.service.js';

export const changesSchema = z.array(
  z.object({
    op: z.enum(['add', 'change', 'remove']),
    kind: z.string(),
    id: z.string(),
    detail: z.string().optional(),
  }),
);
const eventSchema = z.object({
  at: z.string(),
  state: z.string(),
  person: z.string().optional(),
  roles: z.string().optional(),
  reason: z.string().optional(),
  version: z.number().optional(),
});
const viewSchema = z.object({
  id: z.string(),
  state: z.string(),
  base: z.number(),
  reason: z.string(),
  isEmergency: z.boolean(),
  effectiveAt: z.string().optional(),
  changes: changesSchema,
  events: z.array(eventSchema),
  items: z.array(z.object({ list: z.string(), was: z.unknown().optional(), now: z.unknown().optional() })).optional(),
  leaf: z.object({ statement: z.string(), index: z.number().optional() }).optional(),
});
export type ChangeView = z.infer<typeof viewSchema>;
const requested = z.object({ id: z.string().optional(), changes: changesSchema });
export type RequestedChange = z.infer<typeof requested>;
const page = z.object({ changes: z.array(viewSchema), next: z.number().optional() });
const definition = z.object({ version: z.number() });
const refusal = z.object({
  code: z.string().optional(),
  problem: z.string().optional(),
  problems: z.array(z.object({ code: z.string(), path: z.string(), message: z.string() })).optional(),
  meanwhile: z.array(z.object({ id: z.string(), changes: changesSchema })).optional(),
  change: z.object({ op: z.string(), kind: z.string(), id: z.string() }).optional(),
});

const PAGE = 100;

/** The registry's changes, as one officer asks for them and decides about them. */
export class ChangeDesk {
  constructor(
    private readonly registryUrl: string,
    private readonly token: string,
  ) {}

  async version(): Promise<number> {
    return definition.parse(await this.ask('GET', '/v1/definition')).version;
  }

  async request(body: object): Promise<RequestedChange> {
    return requested.parse(await this.ask('POST', '/v1/changes', body));
  }

  async suspend(body: object): Promise<ChangeView> {
    return viewSchema.parse(await this.ask('POST', '/v1/suspensions', body));
  }

  async one(id: string): Promise<ChangeView> {
    return viewSchema.parse(await this.ask('GET', `/v1/changes/${id}`));
  }

  async *list(isOpen: boolean): AsyncGenerator<ChangeView> {
    yield* this.pages(`/v1/changes?open=${isOpen}`);
  }

  async *history(kind: string, id: string): AsyncGenerator<ChangeView> {
    yield* this.pages(`/v1/history?${new URLSearchParams({ kind, id }).toString()}`);
  }

  async decide(id: string, act: 'approval' | 'rejection' | 'withdrawal', reason?: string): Promise<ChangeView> {
    const body = reason === undefined ? {} : { reason };
    return viewSchema.parse(await this.ask('POST', `/v1/changes/${id}/${act}`, body));
  }

  private async *pages(path: string): AsyncGenerator<ChangeView> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const found: z.infer<typeof page> = page.parse(await this.ask('GET', `${path}&after=${after}&limit=${PAGE}`));
      yield* found.changes;
      after = found.next;
    }
  }

  private async ask(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await ask(new URL(path, this.registryUrl).href, init);
    if (answer.status === 200) return parseJson(answer.body);
    throw refused(answer);
  }
}

/** Why not, with everything that the registry says about it. */
function refused(answer: HttpAnswer) {
  const said = refusal.safeParse(parseJson(answer.body)).data ?? {};
  const problems = [
    problemText(answer),
    ...(said.problem === undefined ? [] : [said.problem]),
    ...(said.problems ?? []).map(({ code, path, message }) => `${code} ${path}: ${message}`),
    ...(said.change === undefined ? [] : [`${said.change.op} ${said.change.kind} ${said.change.id}`]),
    ...(said.meanwhile ?? []).flatMap(({ id, changes }) =>
      changes.map(({ op, kind, id: object }) => `meanwhile ${op} ${kind} ${object} (${id})`),
    ),
  ];
  return cliErrors.error(answer.status >= 500 ? 'server-refused' : 'change-refused', { extensions: { problems } });
}
