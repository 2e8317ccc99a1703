import { request } from 'undici';
import { ok, refuse, sha256, toHex, type Result } from '#kernel';

export interface OpenApiDownload {
  readonly text: string;
  /** As the registry sent it; `text/plain` if it sent none. */
  readonly contentType: string;
}

export interface OpenApiFault {
  readonly code: 'openapi-altered' | 'openapi-unavailable';
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

type Downloaded = Result<OpenApiDownload, OpenApiFault>;

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * OpenAPI documents from the registry, each believed only under the digest that the snapshot names. Whoever asks for one
 * that is under way waits for the same answer. Keeps nothing, never throws.
 */
export class OpenApiDownloads {
  /** By digest, no longer than the time-out; written by `get`. As many as services in the snapshot at most. */
  private readonly underWay = new Map<string, Promise<Downloaded>>();

  constructor(
    private readonly registryUrl: string,
    private readonly timeoutMs: number,
  ) {}

  get(digest: string): Promise<Downloaded> {
    const known = this.underWay.get(digest);
    if (known !== undefined) return known;
    const fetched = this.download(digest)
      .catch((cause: unknown) => refuse<OpenApiFault>({ code: 'openapi-unavailable', cause }))
      .finally(() => this.underWay.delete(digest));
    this.underWay.set(digest, fetched);
    return fetched;
  }

  private async download(digest: string): Promise<Downloaded> {
    const {
      statusCode: status,
      headers,
      body,
    } = await request(`${this.registryUrl}/v1/openapi/${digest}`, {
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      // Leaving the loop destroys the body: nothing more is read.
      if (size > MAX_BYTES) break;
      parts.push(chunk);
    }
    if (status !== 200 || size > MAX_BYTES) return refuse({ code: 'openapi-unavailable', details: { status, size } });
    const bytes = Buffer.concat(parts);
    if (toHex(sha256(bytes)) !== digest) return refuse({ code: 'openapi-altered', details: { digestHex: digest } });
    const type = headers['content-type'];
    return ok({ text: bytes.toString('utf8'), contentType: typeof type === 'string' ? type : 'text/plain' });
  }
}
