import type { Server, ServerResponse } from 'node:http';

/**
 * Watches a server from its start; the returned function begins the drain: every answer still to be given, also of calls
 * under way, closes its connection, so clients that keep connections come back on a new one, to whoever listens then.
 */
export function drainable(server: Server): () => void {
  /** Answers not given yet; bounded by the connections. */
  const open = new Set<ServerResponse>();
  let isDraining = false;
  server.prependListener('request', (_request, response) => {
    if (isDraining) response.shouldKeepAlive = false;
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return () => {
    isDraining = true;
    for (const response of open) response.shouldKeepAlive = false;
  };
}
