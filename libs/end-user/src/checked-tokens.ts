import { sha256 } from '#kernel';
import type { Issuer } from '#snapshot';
import { evictBeyond } from './evict-beyond.js';
import { readSigned, type KeySource, type TokenForm } from './signed-token.js';

/** Tokens of one form whose signature need not be checked again. What was refused is not remembered. */
export class CheckedTokens<Claims extends { readonly iss: string }> {
  /** By SHA-256 of the token, least recently shown first. */
  private readonly readings = new Map<string, ReturnType<typeof readSigned<Claims>>>();

  constructor(
    private readonly form: TokenForm<Claims>,
    private readonly limit: number,
  ) {}

  async read(token: string, issuers: readonly Issuer[], keyOf: KeySource): ReturnType<typeof readSigned<Claims>> {
    const name = sha256(token).toString('base64url');
    const known = this.readings.get(name);
    this.readings.delete(name);
    const reading = known ?? readSigned(token, this.form, issuers, keyOf);
    this.readings.set(name, reading);
    evictBeyond(this.readings, this.limit);
    const read = await reading;
    if (!read.ok && this.readings.get(name) === reading) this.readings.delete(name);
    return read;
  }

  forget(): void {
    this.readings.clear();
  }
}
