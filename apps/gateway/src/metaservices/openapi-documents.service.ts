import { LRUCache } from 'lru-cache';
import { request } from 'undici';
import { sha256, toHex } from '#kernel';
import { metaserviceErrors } from './metaservices.errors.js';

export interface OpenApiDocument {
  readonly text: string;
  /** As the registry sent it; `text/plain` if it sent none. */
  readonly contentType: string;
}

const MAX_BYTES = 4 * 1024 * 1024;
const CACHE_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * OpenAPI documents by the digest that the snapshot names. What comes over HTTP is believed only if it has that digest;
 * a document never changes under its digest, so the cache needs no expiry. Never throws anything uncoded.
 */
export class OpenApiDocuments {
  /** Verified documents only; written by `fetch`. */
  private readonly cache = new LRUCache<string, OpenApiDocument>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ text }) => text.length + 1,
  });

  constructor(private readonly registryUrl: string) {}

  async get(digestHex: string): Promise<OpenApiDocument> {
    const cached = this.cache.get(digestHex);
    if (cached !== undefined) return cached;
    const fetched = await this.fetch(digestHex);
    this.cache.set(digestHex, fetched);
    return fetched;
  }

  private async fetch(digestHex: string): Promise<OpenApiDocument> {
    const { bytes, contentType } = await this.download(digestHex);
    if (toHex(sha256(bytes)) !== digestHex)
      throw metaserviceErrors.error('openapi-altered', { details: { digestHex } });
    return { text: bytes.toString('utf8'), contentType };
  }

  private async download(digestHex: string): Promise<{ bytes: Buffer; contentType: string }> {
    try {
      const response = await request(`${this.registryUrl}/v1/openapi/${digestHex}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const parts: Buffer[] = [];
      let size = 0;
      for await (const chunk of response.body) {
        if (!Buffer.isBuffer(chunk)) continue;
        size += chunk.length;
        // Leaving the loop destroys the body: nothing more is read.
        if (size > MAX_BYTES) break;
        parts.push(chunk);
      }
      if (response.statusCode !== 200 || size > MAX_BYTES)
        throw metaserviceErrors.error('openapi-unavailable', { details: { status: response.statusCode, size } });
      const type = response.headers['content-type'];
      return { bytes: Buffer.concat(parts), contentType: typeof type === 'string' ? type : 'text/plain' };
    } catch (cause) {
      throw metaserviceErrors.error('openapi-unavailable', { cause });
    }
  }
}
