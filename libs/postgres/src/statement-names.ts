/** Texts that get a name, at most: each is kept, parsed and planned, by every connection. */
const MAX_NAMES = 200;

/**
 * Names under which PostgreSQL keeps a prepared statement, by its text. A text beyond the bound gets none and is planned
 * at each use: slower, never wrong.
 */
export class StatementNames {
  private readonly names = new Map<string, string>();

  of(text: string): string | undefined {
    const known = this.names.get(text);
    if (known !== undefined || this.names.size >= MAX_NAMES) return known;
    const name = `kerege-${this.names.size}`;
    this.names.set(text, name);
    return name;
  }
}
