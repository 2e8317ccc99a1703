import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The only way of one process to its database: shut, the database is missing for that process alone. */
export interface Door {
  readonly port: number;
  /** Cuts every connection; new ones are refused. */
  shut(): Promise<void>;
  /** Connections stay and bring nothing, new ones, too: the server that hangs. */
  jam(): void;
  open(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export async function makeDoor(serverPort: number): Promise<Door> {
  const pairs = new Set<Pair>();
  let isJammed = false;
  let listener: Server | undefined;
  const listen = async (port: number) => {
    listener = createServer({ noDelay: true }, (client) => {
      const pair = { client, server: connect({ port: serverPort, host: '127.0.0.1', noDelay: true }) };
      pairs.add(pair);
      join(pair, () => pairs.delete(pair));
      if (isJammed) hold(pair);
    });
    const opened = listener;
    await new Promise<void>((resolve, reject) => opened.once('error', reject).listen(port, '127.0.0.1', resolve));
    return (opened.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    shut: async () => {
      const closing = listener;
      listener = undefined;
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.destroy();
      if (closing !== undefined) await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
    jam: () => {
      isJammed = true;
      for (const pair of pairs) hold(pair);
    },
    open: async () => {
      isJammed = false;
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.resume();
      if (listener === undefined) await listen(port);
    },
  };
}

function join({ client, server }: Pair, ended: () => void): void {
  const end = () => {
    client.destroy();
    server.destroy();
    ended();
  };
  for (const socket of [client, server]) socket.on('error', end).on('close', end);
  client.on('data', (chunk) => server.write(chunk));
  server.on('data', (chunk) => client.write(chunk));
}

function hold({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.pause();
}
