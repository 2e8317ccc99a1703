import { ok, parseServiceId, refuse, subsystemOf, type Result, type ServiceId, type SubsystemId } from '#kernel';

/** Reads `SERVICE=URL` entries; the reason names the entry's number, never its text. */
export function parseAgencies(entries: readonly string[]): Result<ReadonlyMap<ServiceId, URL>, string> {
  const addresses = new Map<ServiceId, URL>();
  for (const [index, entry] of entries.entries()) {
    const at = entry.indexOf('=http');
    const service = parseServiceId(entry.slice(0, Math.max(at, 0)));
    const url = at < 0 ? undefined : parseUrl(entry.slice(at + 1));
    if (!service.ok || url === undefined || addresses.has(service.value))
      return refuse(`entry ${index + 1} is no SERVICE=URL of a service of its own`);
    addresses.set(service.value, url);
  }
  return addresses.size === 0 ? refuse('has no entry') : ok(addresses);
}

/** The subsystems whose services have an address here. */
export function servedSubsystems(addresses: ReadonlyMap<ServiceId, URL>): SubsystemId[] {
  return [...new Set([...addresses.keys()].map(subsystemOf))];
}

function parseUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}
