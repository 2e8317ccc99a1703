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

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string | undefined;
  readonly maxBytes: number;
}

const TOKEN_S = 60;
const MAX_BYTES = 256 * 1024;
/** A sealed request with its evidence. */
const LARGE_BYTES = 1024 * 1024;

/**
 * Speaks with feedback about cases, in a consumer's name. Promises an answer that feedback has given, its refusal as it
 * was said, or `corrections-feedback-away`, after which it is not known whether anything was taken. Repeats nothing.
 */
export class FeedbackCases {
  constructor(private readonly parts: FeedbackCasesParts) {}

  get(path: string, asker: Asker, size?: 'large'): Promise<Readonly<Record<string, unknown>>> {
    return this.ask('GET', path, asker, undefined, size === 'large' ? LARGE_BYTES : MAX_BYTES);
  }

  post(path: string, body: object, asker: Asker): Promise<Readonly<Record<string, unknown>>> {
    return this.ask('POST', path, asker, JSON.stringify(body));
  }

  private async ask(
    method: 'GET' | 'POST',
    path: string,
    asker: Asker,
    body?: string,
    maxBytes = MAX_BYTES,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { feedbackUrl } = this.parts;
    if (feedbackUrl === '') throw gatewayCorrectionErrors.error('corrections-not-served');
    const { status, text } = await this.send({ method, path, body, maxBytes }, asker);
    const answer = parsed(text);
    if (status === 200 && typeof answer === 'object' && answer !== null)
      return answer as Readonly<Record<string, unknown>>;
    const refused = refusalOf(status, answer);
    if (refused !== undefined) throw refused;
    throw this.away({ status });
  }

  private async send({ method, path, body, maxBytes }: Call, asker: Asker) {
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
      return { status: response.statusCode, text: await boundedText(response.body, maxBytes) };
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
