/** Levels of arrays and objects in a content, its own three included. */
const MOST_LEVELS = 64;

/**
 * Whether a JSON value has an RFC 8785 form that can be made: no half of a surrogate pair in any text or name, and no
 * more levels than what reads it by calling itself can bear. Goes through it without calling itself.
 */
export function isHashable(root: unknown): boolean {
  const left = [{ value: root, level: 1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, level } = next;
    if (typeof value === 'string' && !value.isWellFormed()) return false;
    if (typeof value !== 'object' || value === null) continue;
    if (level > MOST_LEVELS) return false;
    for (const [name, child] of Object.entries(value as Readonly<Record<string, unknown>>)) {
      if (!name.isWellFormed()) return false;
      left.push({ value: child, level: level + 1 });
    }
  }
  return true;
}
