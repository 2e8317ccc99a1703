import { LRUCache } from 'lru-cache';
import { ok, refuse, type Result } from '#kernel';
import { Contract } from './contract.js';

const MAX_CONTRACTS = 200;

/** Contracts by digest: each document is read once, also one that cannot be used. */
export class Contracts {
  private readonly known = new LRUCache<string, Result<Contract, 'contract-unusable'>>({ max: MAX_CONTRACTS });

  /** `text` gives the document that has this digest, checked; undefined while it cannot be had. */
  async get(
    digest: string,
    text: (digest: string) => Promise<string | undefined>,
  ): Promise<Result<Contract, 'contract-unusable' | 'contract-unavailable'>> {
    const known = this.known.get(digest);
    if (known !== undefined) return known;
    const found = await text(digest);
    if (found === undefined) return refuse('contract-unavailable');
    const read = Contract.read(found);
    this.known.set(digest, read);
    return read.ok ? ok(read.value) : read;
  }
}
