import { ok, parseSubsystemId, refuse, type Result, type SubsystemId } from '#kernel';

/** Subsystems whose notices are taken in here, with the place to bring them; undefined: they are fetched. */
export type NoticeAddresses = ReadonlyMap<SubsystemId, URL | undefined>;

/**
 * Reads `SUBSYSTEM=URL` or `SUBSYSTEM` entries; those of `served` are taken in in any case. The reason names the entry's
 * number, never its text.
 */
export function parseNoticeAddresses(
  entries: readonly string[],
  served: readonly SubsystemId[],
): Result<NoticeAddresses, string> {
  const addresses = new Map<SubsystemId, URL | undefined>();
  for (const [index, entry] of entries.entries()) {
    const at = entry.indexOf('=http');
    const subsystem = parseSubsystemId(at < 0 ? entry : entry.slice(0, at));
    const url = at < 0 ? undefined : parseUrl(entry.slice(at + 1));
    if (!subsystem.ok || addresses.has(subsystem.value) || (at >= 0 && url === undefined))
      return refuse(`entry ${index + 1} is neither SUBSYSTEM=URL nor SUBSYSTEM, each once`);
    addresses.set(subsystem.value, url);
  }
  for (const subsystem of served) if (!addresses.has(subsystem)) addresses.set(subsystem, undefined);
  return ok(addresses);
}

function parseUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isPlain = url !== null && url.hash === '' && url.username === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}
