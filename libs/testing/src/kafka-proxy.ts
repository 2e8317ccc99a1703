import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Kafka's request types that tests disturb, by their number in the protocol. */
const API_KEYS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
} as const;
export type KafkaApi = keyof typeof API_KEYS;

/** What happens to an answer: the broker has done the work in every case, only the client does not know. */
export type AnswerFault = 'swallow' | 'cut' | { readonly delayMs: number };

export interface KafkaProxy {
  readonly port: number;
  /** The next `times` answers of this type; resolves when the last of them has met its fault. */
  disturb(api: KafkaApi, fault: AnswerFault, times?: number): Promise<void>;
  /** Cuts every connection and takes no new one, until `open`. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

interface PlannedFault {
  readonly apiKey: number;
  readonly fault: AnswerFault;
  left: number;
  readonly done: () => void;
}

/**
 * A TCP proxy in front of a real broker that knows where one answer ends and which request it belongs to, so that a test
 * can lose, delay or cut exactly one. The broker must advertise the proxy's port on the listener behind it.
 */
export async function startKafkaProxy({ port, brokerPort }: { port: number; brokerPort: number }): Promise<KafkaProxy> {
  const plans: PlannedFault[] = [];
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer({ noDelay: true }, (client) => {
    if (isShut) {
      client.destroy();
      return;
    }
    joinConnection(client, connect({ port: brokerPort, host: '127.0.0.1', noDelay: true }), plans, sockets);
  });
  await listen(server, port);
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    disturb: (api, fault, times = 1) =>
      new Promise((done) => plans.push({ apiKey: API_KEYS[api], fault, left: times, done })),
    shut: () => {
      isShut = true;
      cutAll();
    },
    open: () => {
      isShut = false;
    },
    close: () => {
      cutAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
}

function joinConnection(client: Socket, broker: Socket, plans: PlannedFault[], sockets: Set<Socket>): void {
  /** Correlation id → request type, of requests without an answer so far. */
  const asked = new Map<number, number>();
  /** Answers leave in order: what comes behind a delayed one waits, as on a slow line. */
  let line = Promise.resolve();
  const end = () => {
    client.destroy();
    broker.destroy();
  };
  for (const socket of [client, broker]) {
    sockets.add(socket);
    socket.on('error', end).on('close', () => {
      sockets.delete(socket);
      end();
    });
  }
  client.on(
    'data',
    frames((frame) => {
      asked.set(frame.readInt32BE(8), frame.readInt16BE(4));
      broker.write(frame);
    }),
  );
  broker.on(
    'data',
    frames((frame) => {
      const correlationId = frame.readInt32BE(4);
      const fault = takeFault(plans, asked.get(correlationId));
      asked.delete(correlationId);
      if (fault === 'swallow') return;
      if (fault === 'cut') end();
      else if (fault !== undefined)
        line = line.then(() => heldBack(fault.delayMs)).then(() => void client.write(frame));
      else line = line.then(() => void client.write(frame));
    }),
  );
}

function takeFault(plans: PlannedFault[], apiKey: number | undefined): AnswerFault | undefined {
  const index = plans.findIndex((plan) => plan.apiKey === apiKey);
  const plan = plans[index];
  if (plan === undefined) return undefined;
  plan.left -= 1;
  if (plan.left === 0) {
    plans.splice(index, 1);
    plan.done();
  }
  return plan.fault;
}

const heldBack = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Cuts a byte stream into Kafka's frames: four bytes of length, then so many bytes. */
function frames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const length = 4 + rest.readInt32BE(0);
      onFrame(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}
