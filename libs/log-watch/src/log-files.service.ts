import { Agent, request } from 'undici';
import { z } from 'zod';
import { logWatchErrors } from './log-watch.errors.js';

/** A log as the discovery document names it; nothing of that is believed. */
export interface NamedLog {
  readonly origin: string;
  readonly vkey: string;
  /** The tlog-tiles prefix; ends with a slash. */
  readonly url: string;
}

const MAX_DISCOVERY_BYTES = 1024 * 1024;
const discovery = z.object({
  logs: z.array(z.object({ origin: z.string(), vkey: z.string(), url: z.url() })).max(1_000),
});

/**
 * Reads the files of logs over HTTP, wherever they are served. It verifies nothing and tries nothing twice: who asks does.
 * `undefined` means that the server has no such file; everything else that is no file rejects.
 */
export class LogFiles {
  private readonly agent: Agent;

  constructor(
    private readonly timeoutMs: number,
    /** Opens bundles where the operator gates them; empty: nothing is shown. */
    private readonly token = '',
  ) {
    this.agent = new Agent({ connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  }

  /** Every log that the audit service at `url` serves. */
  async logs(url: string): Promise<readonly NamedLog[]> {
    const path = '.well-known/audit-logs.json';
    const body = await this.read(url.endsWith('/') ? url : `${url}/`, path, MAX_DISCOVERY_BYTES);
    const parsed = discovery.safeParse(parseJson(body));
    if (!parsed.success) throw logWatchErrors.error('log-files-broken', { details: { path } });
    return parsed.data.logs.map((log) => ({ ...log, url: log.url.endsWith('/') ? log.url : `${log.url}/` }));
  }

  async read(prefix: string, path: string, maxBytes: number): Promise<Buffer | undefined> {
    const { statusCode, body } = await this.get(new URL(path, prefix));
    if (statusCode === 200) return this.collect(body, path, maxBytes);
    await body.dump();
    if (statusCode === 404) return undefined;
    const code = statusCode === 401 || statusCode === 403 ? 'log-files-denied' : 'log-files-unavailable';
    throw logWatchErrors.error(code, { details: { path, status: statusCode } });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async get(url: URL) {
    const headers = this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
    try {
      return await request(url, { dispatcher: this.agent, headers, signal: AbortSignal.timeout(this.timeoutMs) });
    } catch (cause) {
      throw logWatchErrors.error('log-files-unavailable', { cause, details: { path: url.pathname } });
    }
  }

  private async collect(body: AsyncIterable<unknown>, path: string, maxBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body) {
        chunks.push(chunk as Uint8Array);
        bytes += (chunk as Uint8Array).length;
        if (bytes > maxBytes) break;
      }
    } catch (cause) {
      throw logWatchErrors.error('log-files-unavailable', { cause, details: { path } });
    }
    if (bytes > maxBytes) throw logWatchErrors.error('log-files-broken', { details: { path, maxBytes } });
    return Buffer.concat(chunks);
  }
}

function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    // No JSON is no discovery document: the caller says so.
    return undefined;
  }
}
