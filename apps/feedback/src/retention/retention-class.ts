/**
 * Accesses that are kept equally long: those of one purpose. Where the default counts for it, it is a class of its own all
 * the same: so a setting that is changed later leaves no doubt of what was certified before.
 */
export interface RetentionClass {
  /** Purpose code; it stands in the certificate. */
  readonly name: string;
  readonly keepMs: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** Openings may come for so long (`audit-log.md` §4.4): what is deleted earlier could come back, and be deleted uncounted. */
const SHORTEST_KEEP_DAYS = 33;
const SHOWN_MS = SHORTEST_KEEP_DAYS * DAY_MS;
const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=([1-9]\d{0,4})$/;

/** How long accesses are kept, by their purpose. */
export class RetentionClasses {
  private constructor(
    private readonly defaultMs: number,
    private readonly byPurpose: ReadonlyMap<string, number>,
  ) {}

  /** `purpose=days` each; undefined if one is malformed, shorter than openings may take, or given twice. */
  static parse(defaultMs: number, entries: readonly string[]): RetentionClasses | undefined {
    const byPurpose = new Map<string, number>();
    for (const entry of entries) {
      const [, name, days] = ENTRY.exec(entry) ?? [];
      if (name === undefined || Number(days) < SHORTEST_KEEP_DAYS || byPurpose.has(name)) return undefined;
      byPurpose.set(name, Number(days) * DAY_MS);
    }
    return new RetentionClasses(defaultMs, byPurpose);
  }

  of(purpose: string): RetentionClass {
    return { name: purpose, keepMs: this.byPurpose.get(purpose) ?? this.defaultMs };
  }

  get shortestMs(): number {
    return Math.min(this.defaultMs, ...this.byPurpose.values());
  }

  get longestMs(): number {
    return Math.max(this.defaultMs, ...this.byPurpose.values());
  }
}

/** What was concealed is shown for as long as the shortest class keeps anything, before it may go; 0: it never was. */
export function wasShown(concealedUntilMs: number, nowMs: number): boolean {
  return concealedUntilMs === 0 || concealedUntilMs + SHOWN_MS <= nowMs;
}
