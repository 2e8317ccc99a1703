import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyServerOptions } from 'fastify';
import { WIRE_DEFAULTS } from './wire-limits.js';
import { WireServer, type WireOptions } from './wire-server.js';

const MAX_HEADER_BYTES = 16 * 1024;

/** Options by which Fastify serves on a `WireServer`. Limits and clocks are the wire's, whatever else its options say. */
export function onWire(
  options: Partial<WireOptions> = {},
): Pick<FastifyServerOptions, 'serverFactory' | 'clientErrorHandler'> {
  let wire: WireServer | undefined;
  return {
    serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) => {
      wire = new WireServer(handler, { limits: WIRE_DEFAULTS, maxHeaderBytes: MAX_HEADER_BYTES, ...options });
      return wire.server;
    },
    clientErrorHandler: (cause: ConnectionError, socket: Socket) => wire?.broken(cause, socket),
  };
}
