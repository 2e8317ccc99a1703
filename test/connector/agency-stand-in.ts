import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface AgencyCallSeen {
  readonly method: string;
  readonly target: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

type Answering = (call: AgencyCallSeen, response: ServerResponse) => void;

/** An agency's HTTP system that answers as a spec wants, and the ledger of what reached it. */
export class AgencyStandIn {
  readonly calls: AgencyCallSeen[] = [];
  answer: Answering = (_call, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
  };
  private readonly server = createServer((request, response) => void this.take(request, response));
  private port = 0;

  static async start(): Promise<AgencyStandIn> {
    const agency = new AgencyStandIn();
    await new Promise<void>((resolve) => agency.server.listen(0, '127.0.0.1', resolve));
    const address = agency.server.address();
    agency.port = typeof address === 'object' && address !== null ? address.port : 0;
    return agency;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url: target = '', headers, rawHeaders } = request;
    const call = { method, target, headers, rawHeaders, body: Buffer.concat(chunks) };
    this.calls.push(call);
    this.answer(call, response);
  }
}
