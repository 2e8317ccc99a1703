import { setTimeout as pause } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { defineErrors } from '#kernel';
import { HealthController } from '../health/health.controller.js';
import { isError } from '../logging/is-error.js';
import { refuseInTheClear } from '../tls/open-tls.js';
import type { TlsListener } from '../tls/tls-listener.js';
import { drainable } from './drain.js';

export const listenErrors = defineErrors('listening', {
  'port-taken': {
    kind: 'unavailable',
    message: 'The port is taken by another process.',
    next: 'End that process, or choose another port with the variable that is named (the sandbox: KEREGE_PORT_BASE).',
  },
});

/** An app that serves; `close` ends it in order and leaves nothing behind. */
export interface RunningApp {
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /**
   * How long a closing app still takes requests while `/ready` says no and every answer closes its connection, so that
   * clients and load balancers have gone elsewhere before connections are refused. Absent: not at all.
   */
  readonly drainMs?: number;
  /** What `createHttpApp` was given the options of; an app that looks after it by itself leaves it out. */
  readonly tls?: TlsListener | undefined;
  /** Runs after the last request has been answered: subscriptions, database, timers. */
  readonly onClose?: () => Promise<void>;
}

/**
 * Connections that wait to be accepted. With Node's 511 a crowd that comes at once is reset by the kernel, before anybody
 * can tell it to come again later; the system's own limit (`net.core.somaxconn`) holds too.
 */
const BACKLOG = 4_096;

/** Listens; resolves when requests are taken. In the clear nobody is heard but this machine. */
export async function startHttpApp(app: NestFastifyApplication, options: ListenOptions): Promise<RunningApp> {
  const server: unknown = app.getHttpServer();
  const isEncrypted = server instanceof TlsServer;
  const drain = drainable(app.getHttpServer());
  try {
    if (!isEncrypted) refuseInTheClear(options.host);
    // From its first connection on, its clients' certificates are known.
    else options.tls?.attach(server);
    await app.listen({ port: options.port, host: options.host, backlog: BACKLOG });
  } catch (cause) {
    await app.close();
    throw failureOf(cause, options.port);
  }
  options.tls?.start();
  let closing: Promise<void> | undefined;
  const close = async () => {
    app.get(HealthController).isClosing = true;
    drain();
    await pause(options.drainMs ?? 0);
    await app.close();
    await options.tls?.stop();
    await options.onClose?.();
  };
  const url = `${isEncrypted ? 'https' : 'http'}://${placeOf(app, options)}`;
  return { url, close: () => (closing ??= close()) };
}

function failureOf(cause: unknown, port: number): unknown {
  const isTaken = isError(cause) && 'code' in cause && cause.code === 'EADDRINUSE';
  return isTaken ? listenErrors.error('port-taken', { cause, details: { port }, extensions: { port } }) : cause;
}

/** Host and port; the port that the system chose, where it was asked to. */
function placeOf(app: NestFastifyApplication, { host, port: asked }: ListenOptions): string {
  const address: unknown = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : asked;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
