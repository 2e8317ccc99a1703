import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkInstanceToken, TokenMemory } from '#reader-auth';
import { thumbprint, type PublicJwk } from '#signing';
import { CONTACT_PATH } from '../../instance/layout.js';
import { contactOf, subjectOf } from './sample-contacts.js';

export interface ContactParts {
  /** From which handles are made. */
  readonly handleSecret: Uint8Array;
  /** This endpoint, as feedback is told of it: `aud` of its tokens. */
  readonly contactUrl: string;
  /** Feedback, and its published key. */
  readonly feedbackId: string;
  readonly feedbackKey: PublicJwk;
  readonly nowMs: () => number;
}

const question = z.strictObject({ handle: z.string().max(128), channel: z.enum(['email', 'sms']) });

/** Tells feedback, and nobody else, where a person is reached, each time that something is sent to them. */
export function contactRoutes({ handleSecret, contactUrl, feedbackId, feedbackKey, nowMs }: ContactParts) {
  const memory = new TokenMemory();
  const isFeedback = async (authorization: string | undefined): Promise<boolean> => {
    const token = /^Bearer (\S+)$/u.exec(authorization ?? '')?.[1] ?? '';
    const checked = await checkInstanceToken(token, {
      ...{ instanceId: feedbackId, audience: contactUrl, nowMs: nowMs() },
      keyOf: (kid) => (kid === thumbprint(feedbackKey) ? feedbackKey : undefined),
    });
    return checked.ok && memory.use(feedbackId, checked.value, nowMs()) === 'first';
  };
  return (app: FastifyInstance, _options: object, done: () => void): void => {
    app.post(CONTACT_PATH, async (request, reply) => {
      if (!(await isFeedback(request.headers.authorization))) return reply.code(401).send();
      const asked = question.safeParse(readJson(request.body));
      if (!asked.success) return reply.code(400).send();
      const subject = subjectOf(handleSecret, asked.data.handle);
      // Said outright: feedback takes no status for it.
      const address = subject === undefined ? null : contactOf(subject)[asked.data.channel];
      return reply.header('cache-control', 'no-store').send({ address });
    });
    done();
  };
}

function readJson(body: unknown): unknown {
  try {
    return Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    // No JSON: it asks nothing.
    return undefined;
  }
}
