import { Agent, request } from 'undici';
import { AppError } from '#kernel';
import { httpReaderErrors } from './http-reader.errors.js';

export interface HttpReaderOptions {
  /** From the question to the last byte of its answer. */
  readonly timeoutMs: number;
  /** To one host at once; more wait, within their time. */
  readonly connections?: number;
}

export interface HttpQuestion {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly maxBytes: number;
  /** For an answer that takes longer than others. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Asks other services over HTTP. Every answer is bounded in time and size, and comes from where it was asked: redirections
 * are refused. It keeps nothing and tries nothing again; what an answer says is for whoever asks.
 */
export class HttpReader {
  private readonly agent: Agent;

  constructor(private readonly options: HttpReaderOptions) {
    const { timeoutMs, connections = null } = options;
    // Answers are bounded as a whole, by `ask`.
    this.agent = new Agent({ connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0, connections });
  }

  /** Rejects with `http-unreachable`, `http-late`, `http-too-large` or `http-redirected`. */
  async ask(url: string | URL, question: HttpQuestion): Promise<HttpAnswer> {
    const { method = 'GET', headers = {}, body = null, maxBytes, timeoutMs = this.options.timeoutMs } = question;
    // Over the whole: a body that trickles is never silent for long.
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(url, {
        method,
        headers,
        body,
        dispatcher: this.agent,
        signal,
      });
      const status = answer.statusCode;
      const chunks: Buffer[] = [];
      let bytes = 0;
      // Leaving the loop ends the connection.
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw httpReaderErrors.error('http-too-large', { details: { status, maxBytes } });
        chunks.push(chunk);
      }
      if (status >= 300 && status < 400) throw httpReaderErrors.error('http-redirected', { details: { status } });
      return { status, body: Buffer.concat(chunks) };
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw httpReaderErrors.error(signal.aborted ? 'http-late' : 'http-unreachable', { cause });
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
