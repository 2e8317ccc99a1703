import { z } from 'zod';
import { fromBase64 } from '#kernel';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText } from '../terminal/json-client.service.js';

/** What a log's server showed before anything was asked of feedback; it is verified with the log. */
export interface NamedHead {
  readonly origin: string;
  readonly prefix: string;
  readonly note: Buffer;
  readonly size: number;
  readonly root: Buffer;
}

const discovery = z.object({ logs: z.array(z.object({ origin: z.string() })).max(1_000) });
const HEAD = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n/u;

/** Origins of every log that the audit service serves. */
export async function namedLogs(auditUrl: string): Promise<readonly string[]> {
  const address = new URL('.well-known/audit-logs.json', slashed(auditUrl)).href;
  const answer = await ask(address);
  const parsed = answer.status === 200 ? discovery.safeParse(parseJson(answer.body)) : undefined;
  if (parsed?.success !== true)
    throw cliErrors.error('server-refused', { extensions: { address, said: problemText(answer) } });
  return parsed.data.logs.map(({ origin }) => origin);
}

/** The newest checkpoint of a log: its origin ends with shard and window (`audit-log.md` §3.7). */
export async function openHead(auditUrl: string, origin: string): Promise<NamedHead> {
  const prefix = new URL(`log/${origin.split('/').slice(-2).join('/')}/`, slashed(auditUrl)).href;
  const address = `${prefix}checkpoint`;
  const { status, body: note } = await ask(address);
  const [, named, size, encoded = ''] = HEAD.exec(note.toString('utf8')) ?? [];
  const root = fromBase64(encoded);
  if (status !== 200 || named !== origin || root === undefined)
    throw cliErrors.error('log-refused', { extensions: { address, status } });
  return { origin, prefix, note, size: Number(size), root };
}

function slashed(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
