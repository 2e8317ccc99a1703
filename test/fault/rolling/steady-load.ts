import { ENTITLEMENTS, MYGOV, PERSONS } from '../../system/spec-support/bus-under-test.js';

/** One call as its client saw it end. */
export interface EndedCall {
  readonly kind: 'person' | 'claim';
  /** -1: the connection broke. */
  readonly status: number;
  /** The code of a refusal, or how the connection broke. */
  readonly why: string;
  readonly exchangeId: string;
  readonly startedAt: string;
  readonly tookMs: number;
}

/** A consumer's system that keeps to one gateway until that one refuses its connections. */
interface Client {
  gateway: number;
}

/**
 * Calls at a steady pace, whatever becomes of the ones before: as many safe as unsafe, from two clients. Sent again is
 * only what no gateway took: a refused connection.
 */
export class SteadyLoad {
  readonly ended: EndedCall[] = [];
  private readonly clients: readonly Client[];
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(
    private readonly gatewayUrls: readonly string[],
    private readonly perSecond: number,
  ) {
    this.clients = gatewayUrls.map((_url, gateway) => ({ gateway }));
  }

  /** Resolves when each client has been answered once, so that what follows is no first call. */
  async start(): Promise<void> {
    await Promise.all(this.clients.map((client) => this.call(client, 'person')));
    this.timer = setInterval(() => this.next(), 1_000 / this.perSecond);
  }

  /** Starts nothing more; resolves when the last call has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  private next(): void {
    this.count += 1;
    const client = this.clients[this.count % this.clients.length];
    if (client === undefined) return;
    const kind = Math.floor(this.count / this.clients.length) % 2 === 0 ? 'person' : 'claim';
    const call = this.call(client, kind).finally(() => this.underWay.delete(call));
    this.underWay.add(call);
  }

  private async call(client: Client, kind: EndedCall['kind']): Promise<void> {
    const started = new Date();
    for (let attempt = 0; ; attempt += 1) {
      const { gateway } = client;
      const outcome = await send(this.gatewayUrls[gateway] ?? '', kind);
      if (outcome.why === 'ECONNREFUSED' && attempt < this.gatewayUrls.length) {
        // Another call may have chosen already.
        if (client.gateway === gateway) client.gateway = (gateway + 1) % this.gatewayUrls.length;
        continue;
      }
      const tookMs = Date.now() - started.getTime();
      this.ended.push({ kind, startedAt: started.toISOString(), tookMs, ...outcome });
      return;
    }
  }
}

type Outcome = Pick<EndedCall, 'status' | 'why' | 'exchangeId'>;

async function send(gatewayUrl: string, kind: EndedCall['kind']): Promise<Outcome> {
  const headers = {
    'X-Road-Client': MYGOV,
    'Kerege-Purpose': 'citizen-view',
    Accept: 'application/problem+json',
    'Content-Type': 'application/json',
  };
  const claim = JSON.stringify({ pin: 'TEST000007', benefit: 'study-grant' });
  try {
    const answer =
      kind === 'person'
        ? await fetch(`${gatewayUrl}/r1/${PERSONS}/TEST000007`, { headers })
        : await fetch(`${gatewayUrl}/r1/${ENTITLEMENTS}/claims`, { method: 'POST', headers, body: claim });
    const exchangeId = answer.headers.get('kerege-exchange-id') ?? '';
    return { status: answer.status, why: codeIn(await answer.text()), exchangeId };
  } catch (cause) {
    return { status: -1, why: brokenBy(cause), exchangeId: '' };
  }
}

function codeIn(text: string): string {
  return /"code":"([a-z-]+)"/.exec(text)?.[1] ?? '';
}

/** `fetch` throws errors of another realm than a spec's, so they are known by their shape. */
function brokenBy(failure: unknown): string {
  const cause = property(failure, 'cause');
  const codes = [property(cause, 'code'), property(cause, 'errors', '0', 'code')];
  return codes.find((code) => typeof code === 'string')?.toString() ?? 'unknown';
}

function property(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
  return found;
}
