import { LRUCache } from 'lru-cache';
import { OpenApiDownloads, type OpenApiDownload } from '#contract-check';
import { metaserviceErrors } from './metaservices.errors.js';

const CACHE_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * OpenAPI documents by the digest that the snapshot names. What comes over HTTP is believed only if it has that digest;
 * a document never changes under its digest, so the cache needs no expiry. Never throws anything uncoded.
 */
export class OpenApiDocuments {
  /** Verified documents only; written by `get`. */
  private readonly cache = new LRUCache<string, OpenApiDownload>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ text }) => text.length + 1,
  });
  private readonly downloads: OpenApiDownloads;

  constructor(registryUrl: string) {
    this.downloads = new OpenApiDownloads(registryUrl, TIMEOUT_MS);
  }

  async get(digestHex: string): Promise<OpenApiDownload> {
    const cached = this.cache.get(digestHex);
    if (cached !== undefined) return cached;
    const fetched = await this.downloads.get(digestHex);
    if (!fetched.ok) {
      const { code, ...about } = fetched.reason;
      throw metaserviceErrors.error(code, about);
    }
    this.cache.set(digestHex, fetched.value);
    return fetched.value;
  }
}
