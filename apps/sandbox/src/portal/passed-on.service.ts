import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent, request as send } from 'undici';
import { makeReaderToken } from '#reader-auth';
import type { PrivateJwk } from '#signing';
import type { Session } from './sessions.js';

export interface PassingParts {
  readonly subsystem: string;
  readonly key: PrivateJwk;
  readonly feedbackUrl: string;
  readonly nowMs: () => number;
}

interface Passed {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Within feedback, with its query. */
  readonly path: string;
  readonly body?: Buffer;
}

const TIMEOUT_MS = 15_000;

/** Asks feedback for a person with the portal's own credential; what is asked is feedback's to judge. */
export class PassedOn {
  private readonly agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });

  constructor(private readonly parts: PassingParts) {}

  async pass(session: Session, passed: Passed, reply: FastifyReply): Promise<FastifyReply> {
    const answer = await this.send(session, passed);
    const type = String(answer.headers['content-type'] ?? 'application/json');
    return reply.code(answer.statusCode).type(type).header('cache-control', 'no-store').send(answer.body);
  }

  /** For pages of the portal itself: what feedback answered with, whatever it is. */
  async read(session: Session, path: string): Promise<unknown> {
    return (await this.send(session, { method: 'GET', path })).body.json();
  }

  /** For buttons of the portal itself. What feedback refuses is on its page next time. */
  async write(session: Session, { body, ...passed }: Omit<Passed, 'body'> & { readonly body: object }): Promise<void> {
    const answer = await this.send(session, { ...passed, body: Buffer.from(JSON.stringify(body)) });
    await answer.body.dump();
  }

  private async send({ assertion }: Session, { method, path, body }: Passed) {
    const { subsystem, key, feedbackUrl, nowMs } = this.parts;
    const token = await makeReaderToken({ subsystem, audience: feedbackUrl, key, nowMs: nowMs() });
    return send(`${feedbackUrl}${path}`, {
      method,
      dispatcher: this.agent,
      headers: {
        authorization: `Bearer ${token}`,
        'kerege-end-user': assertion,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/**
 * Whether a page of this portal sent it, so that no other site acts in a person's name: browsers say in `Origin` who
 * sends, and the session's cookie is `SameSite` besides. Who says nothing is no browser with our page.
 */
export function isOwnPage(request: FastifyRequest): boolean {
  return request.headers.origin === `http://${request.host}`;
}
