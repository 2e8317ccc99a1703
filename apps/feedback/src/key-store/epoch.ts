/** Quarters since year 0, in UTC: a dump links a person's accesses within one of them at most (`audit-log.md` §4.3). */
export function epochOf(ms: number): number {
  const at = new Date(ms);
  return at.getUTCFullYear() * 4 + Math.floor(at.getUTCMonth() / 3);
}

/** Its first instant. */
export function epochStartMs(epoch: number): number {
  return Date.UTC(Math.floor(epoch / 4), (epoch % 4) * 3);
}
