import { request } from 'undici';
import type { AppError, Clock, SubsystemId } from '#kernel';
import { signReaderToken } from '#reader-auth';
import type { Signer } from '#signing';
import { boundedText } from '../bounded-text.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import { refusalOf } from './feedback-refusal.js';

export interface FeedbackCasesParts {
  /** URL of feedback, also as `aud` of the consumer's tokens; empty: there is none. */
  readonly feedbackUrl: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly failed: (what: string, cause: unknown) => void;
}

/** In whose name feedback is asked. */
export interface Asker {
  readonly consumer: SubsystemId;
  /** Has the consumer's own key. */
  readonly signer: Signer;
  /** The person's assertion, as it came; absent where the gateway asks for itself. */
  readonly endUser?: string;
}

const TOKEN_S = 60;
const MAX_BYTES = 256 * 1024;

/**
 * Speaks with feedback about cases, in a consumer's name. Promises an answer that feedback has given, its refusal as it
 * was said, or `corrections-feedback-away`, after which it is not known whether anything was taken. Repeats nothing.
 */
export class FeedbackCases {
  constructor(private readonly parts: FeedbackCasesParts) {}

  get(path: string, asker: Asker): Promise<Readonly<Record<string, unknown>>> {
    return this.ask('GET', path, asker);
  }

  post(path: string, body: object, asker: Asker): Promise<Readonly<Record<string, unknown>>> {
    return this.ask('POST', path, asker, JSON.stringify(body));
  }

  private async ask(
    method: 'GET' | 'POST',
    path: string,
    asker: Asker,
    body?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { feedbackUrl } = this.parts;
    if (feedbackUrl === '') throw gatewayCorrectionErrors.error('corrections-not-served');
    const { status, text } = await this.send(method, path, asker, body);
    const answer = parsed(text);
    if (status === 200 && typeof answer === 'object' && answer !== null)
      return answer as Readonly<Record<string, unknown>>;
    const refused = refusalOf(status, answer);
    if (refused !== undefined) throw refused;
    throw this.away({ status });
  }

  private async send(method: 'GET' | 'POST', path: string, asker: Asker, body: string | undefined) {
    const { feedbackUrl, timeoutMs } = this.parts;
    try {
      const response = await request(`${feedbackUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await this.token(asker)}`,
          ...(asker.endUser === undefined ? {} : { 'kerege-end-user': asker.endUser }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.statusCode, text: await boundedText(response.body, MAX_BYTES) };
    } catch (cause) {
      throw this.away(cause);
    }
  }

  private away(cause: unknown): AppError {
    this.parts.failed('corrections', cause);
    return gatewayCorrectionErrors.error('corrections-feedback-away', { cause });
  }

  private token({ consumer, signer }: Asker): Promise<string> {
    const { feedbackUrl: audience, clock } = this.parts;
    return signReaderToken({ subsystem: consumer, audience, nowMs: clock.now() }, signer, TOKEN_S);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No answer of feedback's: the caller says so.
    return undefined;
  }
}
