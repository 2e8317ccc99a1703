import { Agent, request } from 'node:https';
import type { Issued } from './authority.js';

export interface TlsAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** An HTTPS client with or without a certificate of its own. `Agent` keeps connections where it is told to. */
export function tlsClient(ca: string, own?: Pick<Issued, 'cert' | 'key'>, keepAlive = false) {
  const identity = own === undefined ? {} : { cert: own.cert, key: own.key };
  // The client would show weak keys, too: it is for the gateway to refuse them.
  const agent = new Agent({
    ca,
    ...identity,
    ciphers: 'DEFAULT@SECLEVEL=0',
    keepAlive,
    maxSockets: 1,
    checkServerIdentity: () => undefined,
  });
  const call = (url: string, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<TlsAnswer>((resolve, reject) => {
      const sent = request(url, { agent, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(parts).toString('utf8'),
          }),
        );
      });
      sent.on('error', reject).end();
    });
  return { call, close: () => agent.destroy() };
}
