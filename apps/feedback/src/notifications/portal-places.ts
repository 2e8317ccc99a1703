import { ok, refuse, type Result } from '#kernel';

/** Places of portals, by their subsystem: `portal=https://…` each. */
export type PortalPlaces = ReadonlyMap<string, string>;

/** Addresses are asked for and texts sent there: only over TLS, or within this machine. */
export function parsePortalPlaces(entries: readonly string[]): Result<PortalPlaces, string> {
  const places = new Map<string, string>();
  for (const entry of entries) {
    const [, portal, place] = /^([^=\s]+)=(\S+)$/.exec(entry) ?? [];
    if (portal === undefined || place === undefined || places.has(portal)) return refuse(entry);
    if (!isSafeUrl(place)) return refuse(entry);
    places.set(portal, place);
  }
  return ok(places);
}

/** https without a password in it, or http on this machine. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

export function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === 'localhost' || host === '::1' || host === '[::1]';
}

/** Where a portal shows a case: its place with the public number behind it. */
export function linkTo(places: PortalPlaces, portal: string, publicNumber: string): string | undefined {
  const base = places.get(portal);
  return base === undefined ? undefined : `${base}${encodeURIComponent(publicNumber)}`;
}
