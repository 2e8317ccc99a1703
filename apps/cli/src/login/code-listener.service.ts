import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CodeListener {
  readonly redirectUri: string;
  /** The first address to which a browser comes back; undefined after `timeoutMs`. */
  arrived(timeoutMs: number): Promise<URL | undefined>;
  close(): void;
}

/** Waits on a port of this machine for the browser to come back from the issuer (RFC 8252 §7.3). */
export async function listenForCode(): Promise<CodeListener> {
  const { promise, resolve } = Promise.withResolvers<URL | undefined>();
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`);
    const isBack = request.method === 'GET' && url.pathname === '/callback';
    response.writeHead(isBack ? 200 : 404, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end(isBack ? 'You can close this window and go back to the terminal.\n' : 'Nothing is here.\n');
    if (isBack) resolve(url);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    arrived: async (timeoutMs) => {
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
