import { randomBytes } from 'node:crypto';

/** A name that no other spec uses: lower-case letters, digits and `-`. */
export function uniqueName(prefix = 'test'): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
