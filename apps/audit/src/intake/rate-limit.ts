/**
 * Statements per signer and second, by the broker's clock; the same bytes again do not count. A signer may use up one
 * second's worth at once. It protects the log, and the work of intake, from being filled by one member; who may write to the topic at all is the broker's matter.
 */
export class RateLimit {
  /** Per signer; only signers whose key was found valid get in, so the snapshot bounds it. Written by `admits`. */
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(private readonly perSecond: number) {}

  admits(signer: string, atMs: number): boolean {
    const bucket = this.buckets.get(signer) ?? { tokens: this.perSecond, atMs };
    const refill = (Math.max(0, atMs - bucket.atMs) * this.perSecond) / 1000;
    const tokens = Math.min(this.perSecond, bucket.tokens + refill);
    const admitted = tokens >= 1;
    this.buckets.set(signer, { tokens: admitted ? tokens - 1 : tokens, atMs: Math.max(atMs, bucket.atMs) });
    return admitted;
  }
}
