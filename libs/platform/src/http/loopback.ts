/** Addresses on which no other machine can reach us. */
export function isLoopbackAddress(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || address === '::1' || address === 'localhost';
}

/** The same for a Host header, with or without port. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(:\d+)?$/.exec(host ?? '')?.[1] ?? '';
  return isLoopbackAddress(name.replace(/^\[|\]$/g, ''));
}
