/** Accesses that are kept equally long. */
export interface RetentionClass {
  /** Purpose code, or `default`; it stands in the certificate. */
  readonly name: string;
  readonly keepMs: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** Openings may come for so long (`audit-log.md` §4.4): what is deleted earlier could come back, and be deleted uncounted. */
export const SHORTEST_KEEP_DAYS = 33;
const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=([1-9]\d{0,4})$/;

/** How long accesses are kept, by their purpose. */
export class RetentionClasses {
  private constructor(
    private readonly fallback: RetentionClass,
    private readonly byPurpose: ReadonlyMap<string, RetentionClass>,
  ) {}

  /** `purpose=days` each; undefined if one is malformed, shorter than openings may take, or given twice. */
  static parse(defaultMs: number, entries: readonly string[]): RetentionClasses | undefined {
    const byPurpose = new Map<string, RetentionClass>();
    for (const entry of entries) {
      const [, name, days] = ENTRY.exec(entry) ?? [];
      if (name === undefined || Number(days) < SHORTEST_KEEP_DAYS || byPurpose.has(name)) return undefined;
      byPurpose.set(name, { name, keepMs: Number(days) * DAY_MS });
    }
    return new RetentionClasses({ name: 'default', keepMs: defaultMs }, byPurpose);
  }

  of(purpose: string): RetentionClass {
    return this.byPurpose.get(purpose) ?? this.fallback;
  }

  get shortestMs(): number {
    return Math.min(...this.all.map(({ keepMs }) => keepMs));
  }

  get longestMs(): number {
    return Math.max(...this.all.map(({ keepMs }) => keepMs));
  }

  private get all(): readonly RetentionClass[] {
    return [this.fallback, ...this.byPurpose.values()];
  }
}
