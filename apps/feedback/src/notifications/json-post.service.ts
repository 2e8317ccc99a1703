import { Agent, request } from 'undici';

export interface JsonPost {
  readonly url: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** `isSent: false`: nothing of the request has left this machine for anybody who would act on it. */
export type JsonAnswer = { readonly status: number; readonly text: string } | { readonly isSent: boolean };

/** Nobody was there who could have read the request. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'EPROTO'],
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID'],
]);
const MOST_ANSWER_BYTES = 4 * 1024;

/**
 * Posts JSON to whoever brings messages, or knows where to: no redirects, one time limit for all of it, and no more of the
 * answer than is read. Each request has a connection of its own, so that an idle one that was closed meanwhile leaves no
 * doubt whether it was read.
 */
export class JsonPosts {
  private readonly agent: Agent;

  constructor(private readonly timeoutMs: number) {
    this.agent = new Agent({ pipelining: 0, connect: { timeout: Math.ceil(timeoutMs / 2) } });
  }

  async post({ url, body, headers }: JsonPost): Promise<JsonAnswer> {
    try {
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return { status: answer.statusCode, text: await bounded(answer.body) };
    } catch (cause) {
      // What it says may hold the address; only the code is looked at, and nothing of it is kept.
      return { isSent: !BEFORE_SENDING.has(codeIn(cause)) };
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** What is longer than any answer may be is cut, and so is none. */
async function bounded(body: AsyncIterable<Uint8Array> & { destroy(): unknown }): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_ANSWER_BYTES) {
      body.destroy();
      return '';
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeIn(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}
