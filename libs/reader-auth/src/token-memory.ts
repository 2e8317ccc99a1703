/** Tokens that one reader may use while they live: a hundred in a second, on average. */
const MAX_TOKENS_PER_READER = 30_000;

/**
 * Remembers which tokens were used, so that one that was overheard is worth nothing. Bounded per reader: who floods it
 * shuts out itself alone. Forgotten at a restart, and not shared with other processes; tokens live five minutes.
 */
export class TokenMemory {
  /** Written by `use`; readers are as many as the registry has subsystems. */
  private readonly used = new Map<string, Map<string, number>>();

  constructor(private readonly maxPerReader = MAX_TOKENS_PER_READER) {}

  use(
    reader: string,
    token: { readonly jti: string; readonly untilMs: number },
    nowMs: number,
  ): 'first' | 'again' | 'full' {
    let tokens = this.used.get(reader);
    if (tokens === undefined) this.used.set(reader, (tokens = new Map<string, number>()));
    forget(tokens, nowMs);
    if (tokens.has(token.jti)) return 'again';
    if (tokens.size >= this.maxPerReader) return 'full';
    tokens.set(token.jti, token.untilMs);
    return 'first';
  }
}

/** From the oldest on; one that ends before an older one is forgotten with that one. */
function forget(tokens: Map<string, number>, nowMs: number): void {
  for (const [jti, untilMs] of tokens) {
    if (untilMs > nowMs) return;
    tokens.delete(jti);
  }
}
