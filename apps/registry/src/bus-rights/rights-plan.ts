import { principalOf, rightKey, type BusRight } from '#contracts';

export interface RightsPlan {
  readonly missing: readonly BusRight[];
  /** Of principals of our instance, and allowed no more. */
  readonly surplus: readonly BusRight[];
  /** Of principals that are none of the registry's: the operator's own. */
  readonly foreign: number;
}

/**
 * What is to be done to the broker's lists. Managed are topics and groups of the principals whose names begin with the
 * instance's code; what others were given, and what was given by the cluster, is not touched.
 */
export function planRights(
  instance: string,
  wanted: readonly BusRight[],
  granted: readonly BusRight[],
  byHand: readonly BusRight[] = [],
): RightsPlan {
  const prefix = `${principalOf(instance)}.`;
  const wantedKeys = new Set(wanted.map(rightKey));
  const grantedKeys = new Set(granted.map(rightKey));
  const byHandKeys = new Set(byHand.map(rightKey));
  const managed = granted.filter(({ principal, on }) => on !== 'cluster' && principal.startsWith(prefix));
  const expected = granted.filter((right) => byHandKeys.has(rightKey(right)));
  return {
    missing: wanted.filter((right) => !grantedKeys.has(rightKey(right))),
    surplus: managed.filter((right) => !wantedKeys.has(rightKey(right))),
    foreign: granted.length - managed.length - expected.length,
  };
}
