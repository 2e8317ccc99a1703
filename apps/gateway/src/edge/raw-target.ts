/** Inner route of everything that is X-Road's. Asked for from outside it is one more malformed target. */
export const EDGE_ROUTE = '/r1';

/** What Fastify adds to the raw request when it rewrites a URL. */
interface RawRequest {
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
}

const X_ROAD = /^\/r[0-9]+(?:[/?]|$)/i;

/**
 * Sends every target that is or wants to be X-Road's to one route *before* any router decodes, normalises or refuses it:
 * `/r<n>…`, and whatever is not in origin form (absolute form, `*`).
 */
export function rewriteTarget(raw: RawRequest): string {
  const target = raw.url ?? '/';
  return X_ROAD.test(target) || !target.startsWith('/') ? EDGE_ROUTE : target;
}

/** The target as it stood on the wire. */
export function rawTargetOf(raw: RawRequest): string {
  return raw.originalUrl ?? raw.url ?? '';
}
