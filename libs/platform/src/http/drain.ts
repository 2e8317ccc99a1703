import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Watches a server from its start; the returned function begins the drain: every answer still to be given, also of calls
 * under way, closes its connection, so clients that keep connections come back on a new one, to whoever listens then.
 */
export function drainable(server: Server): () => void {
  /** Answers not given yet. One that waits behind another never closes when its connection does, so that takes all. */
  const open = new Map<Socket, Set<ServerResponse>>();
  let isDraining = false;
  server.prependListener('request', ({ socket }, response) => {
    if (isDraining) response.shouldKeepAlive = false;
    const own = open.get(socket) ?? new Set();
    if (!open.has(socket)) {
      open.set(socket, own);
      socket.once('close', () => open.delete(socket));
    }
    own.add(response);
    response.once('close', () => own.delete(response));
  });
  return () => {
    isDraining = true;
    for (const own of open.values()) for (const response of own) response.shouldKeepAlive = false;
  };
}
