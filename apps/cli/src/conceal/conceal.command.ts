import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { newExchangeId } from '#kernel';
import { makeReaderToken } from '#reader-auth';
import { h1, jwkSigner, keyFileName, signStatement, type ConcealmentPayload, type PrivateJwk } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { ask, parseJson, problemText } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { newestSigningKey } from '../token/signing-key.js';

export interface ConcealCommandOptions {
  /** Subsystem that signs: the authority, or who countersigns for the operator. */
  readonly subsystem: string;
  readonly keysDir: string;
  /** URL of feedback, as its tokens name it. */
  readonly feedbackUrl: string;
  /** File with the act. */
  readonly order: string;
  /** For an order: when it ends (ISO instant), and who is to countersign it. */
  readonly until?: string | undefined;
  readonly operator?: string | undefined;
  /** For a countersignature: id of the order, and the salt that its authority was told. */
  readonly countersign?: string | undefined;
  readonly salt?: string | undefined;
}

const SALT_BYTES = 32;
const orderSchema = z.object({
  id: z.string(),
  authority: z.string(),
  operator: z.string(),
  until: z.iso.datetime(),
  doc: z.string(),
  leaf: z.string(),
});
const takenSchema = z.object({ id: z.string(), leaf: z.string(), log: z.string(), index: z.number() });

/**
 * `kerege conceal`: an authority orders, by the act in a file, that its accesses stay concealed; the operator's officer
 * countersigns what it has ordered, after comparing the act. Both statements are in the log when this ends well; what the
 * second one prints is what calls name in `Kerege-Concealment`.
 */
export async function concealCommand(options: ConcealCommandOptions, terminal: Terminal): Promise<void> {
  const { countersign } = options;
  const act = await readBytes(options.order);
  const file = join(options.keysDir, keyFileName(options.subsystem));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  await (countersign === undefined
    ? orderConcealment(options, { act, key }, terminal)
    : countersignOrder(options, { act, key, id: countersign }, terminal));
}

interface Act {
  readonly act: Buffer;
  readonly key: PrivateJwk;
}

async function orderConcealment(options: ConcealCommandOptions, { act, key }: Act, terminal: Terminal): Promise<void> {
  const { subsystem, operator, until = '' } = options;
  const untilMs = Date.parse(until);
  if (operator === undefined || Number.isNaN(untilMs)) throw cliErrors.error('conceal-incomplete');
  const salt = randomBytes(SALT_BYTES);
  const payload = { ...base(), from: subsystem, to: operator, until: untilMs, doc: h1(salt, act) };
  // Before it is sent: whatever becomes of the answer, the salt of what may stand in the log is not lost.
  terminal.out(`order ${payload.id}\nsalt ${salt.toString('base64url')}\n`);
  const taken = await give(options, key, payload);
  terminal.tell(
    `In the log at ${taken.log} ${taken.index}. It conceals nothing until ${operator} has countersigned it:`,
  );
  terminal.tell('give its officer the act, the id and the salt, by another way than the bus. Keep the salt: with it');
  terminal.tell('the act can be shown to be this one.');
}

async function countersignOrder(
  options: ConcealCommandOptions,
  { act, key, id }: Act & { readonly id: string },
  terminal: Terminal,
): Promise<void> {
  const { subsystem, salt: given = '' } = options;
  const salt = Buffer.from(given, 'base64url');
  if (salt.length !== SALT_BYTES) throw cliErrors.error('conceal-incomplete');
  const answer = await call(options, key, `/v1/concealments/${encodeURIComponent(id)}`);
  const order = orderSchema.safeParse(parseJson(answer.body)).data;
  if (answer.status !== 200 || order === undefined)
    throw cliErrors.error('server-refused', { extensions: { problems: [problemText(answer)] } });
  const { authority, until, doc } = order;
  // Feedback is the operator's: what its officer signs is what lies in their hands, not what a server says.
  if (order.operator !== subsystem || doc !== h1(salt, act)) throw cliErrors.error('conceal-other-act');
  terminal.tell(`${authority} orders concealment until ${until}.`);
  const taken = await give(options, key, {
    ...base(),
    ...{ from: authority, to: subsystem, until: Date.parse(until), doc, prev: order.leaf },
  });
  terminal.out(`${taken.leaf}\n`);
  terminal.tell(
    `In the log at ${taken.log} ${taken.index}. Calls that begin now may name it: Kerege-Concealment: ${taken.leaf}`,
  );
}

function base() {
  return { v: 1, t: 'access.concealment', id: newExchangeId(), ts: Date.now() } as const;
}

async function give(options: ConcealCommandOptions, key: PrivateJwk, payload: ConcealmentPayload) {
  const { jws } = await signStatement(payload, jwkSigner(key));
  const body = JSON.stringify({ statement: jws });
  const answer = await call(options, key, '/v1/concealments', { method: 'POST', body });
  const taken = takenSchema.safeParse(parseJson(answer.body)).data;
  if (answer.status !== 200 || taken === undefined)
    throw cliErrors.error('server-refused', { extensions: { problems: [problemText(answer)] } });
  return taken;
}

async function call(
  { subsystem, feedbackUrl }: ConcealCommandOptions,
  key: PrivateJwk,
  path: string,
  init: RequestInit = {},
) {
  const token = await makeReaderToken({ subsystem, audience: feedbackUrl, key, nowMs: Date.now() });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return ask(`${feedbackUrl}${path}`, { ...init, headers });
}
