import type { SubsystemId } from '#kernel';
import { signReaderToken } from '#reader-auth';
import type { Signer } from '#signing';
import { caseClientErrors } from './case-client.errors.js';

export interface FeedbackHttpParts {
  /** URL of feedback, as it names itself: `aud` of the tokens. */
  readonly feedbackUrl: string;
  readonly subsystem: SubsystemId;
  /** Signs tokens and statements as the subsystem; asked each time, since keys change. */
  readonly signer: () => Signer;
  readonly timeoutMs: number;
}

/** A sealed request of 512 KiB in base64url, in JSON, with what is around it. */
const MOST_ANSWER_BYTES = 2 * 1024 * 1024;
const TOKEN_S = 60;
const KNOWN = ['refusal', 'sentence', 'hint', 'problem', 'problems', 'correctionId'] as const;

/** Speaks to feedback as a member, with a fresh token for each request; what it refuses is a coded error. */
export class FeedbackHttp {
  constructor(private readonly parts: FeedbackHttpParts) {}

  /** `body` absent: GET. Throws `case-feedback-…`. */
  async ask(path: string, body?: object): Promise<unknown> {
    const { feedbackUrl, timeoutMs } = this.parts;
    const token = await this.token();
    const { status, bytes } = await answerOf(`${feedbackUrl}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const said = parsed(bytes);
    if (status === 200) return said;
    throw refusedBy(status, said);
  }

  /** Good for one request, and a minute. */
  private token(): Promise<string> {
    const { feedbackUrl, subsystem, signer } = this.parts;
    return signReaderToken({ subsystem, audience: feedbackUrl, nowMs: Date.now() }, signer(), TOKEN_S);
  }
}

async function answerOf(url: string, init: RequestInit): Promise<{ status: number; bytes: Buffer }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, bytes: await bounded(response) };
  } catch (cause) {
    throw caseClientErrors.error('case-feedback-unreachable', { cause });
  }
}

/** No more than such an answer may hold; what is longer is cut, and so no JSON. */
async function bounded({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** A problem document with its own code, refusal and hint, under a code of ours. */
function refusedBy(status: number, said: unknown): Error {
  const problem = (typeof said === 'object' && said !== null ? said : {}) as Readonly<Record<string, unknown>>;
  const kept = Object.fromEntries(
    KNOWN.flatMap((name) => (problem[name] === undefined ? [] : [[name, problem[name]]])),
  );
  const extensions = { feedbackStatus: status, feedbackCode: problem['code'], ...kept };
  return caseClientErrors.error(codeOf(status), { extensions });
}

function codeOf(status: number) {
  if (status === 404) return 'case-feedback-unknown';
  if (status === 409) return 'case-feedback-conflict';
  if (status === 401 || status === 403) return 'case-feedback-forbidden';
  return status === 400 || status === 422 ? 'case-feedback-invalid' : 'case-feedback-failed';
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // No JSON: whoever reads it says what it expected.
    return undefined;
  }
}
