import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { checkInstanceToken, TokenMemory } from '#reader-auth';
import type { PublicJwk } from '#signing';

export interface TakenMail {
  readonly to: string;
  readonly from: string;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
}

type Reply = 'take' | 'cut' | { readonly at: 'mail' | 'rcpt' | 'data'; readonly code: number };

/** A real SMTP server that does what the spec has it do, one mail after the other; at the end it takes them. */
export class MailServer {
  readonly taken: TakenMail[] = [];
  /** Bodies that came whole, whatever was replied to them. */
  bodies = 0;
  /** For the mails to come. */
  replies: Reply[] = [];
  private readonly server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], closeTimeout: 100, logger: false },
    onMailFrom: (_address, _session, done) => done(this.refusalAt('mail')),
    onRcptTo: (_address, _session, done) => done(this.refusalAt('rcpt')),
    onData: (stream, session, done) => {
      void simpleParser(stream).then(({ messageId, subject, text: body }) => {
        this.bodies += 1;
        const reply = this.replies[0];
        const refusal = this.refusalAt('data');
        if (refusal !== null) {
          done(refusal);
          return;
        }
        this.replies.shift();
        const { mailFrom, rcptTo } = session.envelope;
        if (reply === 'cut') {
          // It has the mail, and nobody is told.
          for (const connection of this.server.connections) connection.close();
          return undefined;
        }
        const from = mailFrom === false ? '' : mailFrom.address;
        const to = rcptTo.map(({ address }) => address).join();
        this.taken.push({ to, from, messageId: messageId ?? '', subject: subject ?? '', text: body ?? '' });
        done();
      });
    },
  });

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return (this.server.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(resolve));
  }

  private refusalAt(at: 'mail' | 'rcpt' | 'data'): Error | null {
    const reply = this.replies[0];
    if (typeof reply !== 'object' || reply.at !== at) return null;
    this.replies.shift();
    return Object.assign(new TypeError('as the spec has it'), { responseCode: reply.code });
  }
}

/** Takes connections and says nothing. */
export class SilentServer {
  private readonly sockets = new Set<Socket>();
  private readonly server: TcpServer = createTcp((socket) => {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export interface HookCall {
  readonly authorization: string | undefined;
  readonly key: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

class JsonServer {
  protected readonly server: Server;
  url = '';

  constructor(answer: (request: IncomingMessage, body: string, response: ServerResponse) => void) {
    this.server = createHttp((request, response) => {
      void text(request).then((body) => answer(request, body, response));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/messages`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A gateway of SMS or push messages: each call is written down, and answered as the spec has it; else with 202. */
export class HookServer extends JsonServer {
  readonly calls: HookCall[] = [];
  /** For the calls to come. */
  replies: ('hang' | 'cut' | number)[] = [];

  constructor() {
    super(({ headers, url }, body, response) => {
      const { authorization } = headers;
      const key = headers['idempotency-key'];
      const said = JSON.parse(body) as HookCall['body'];
      this.calls.push({ authorization, key: typeof key === 'string' ? key : undefined, body: { ...said, url } });
      const reply = this.replies.shift() ?? 202;
      if (reply === 'cut') response.destroy();
      // Whoever followed would be seen here again.
      else if (reply !== 'hang') response.writeHead(reply, reply === 302 ? { location: '/elsewhere' } : {}).end();
    });
  }
}

/** The contact endpoint of a portal: it believes feedback's token alone, once each, and tells what its handles stand for. */
export class ContactServer extends JsonServer {
  readonly asked: { readonly status: number; readonly channel: unknown }[] = [];
  private readonly memory = new TokenMemory();
  /** Answered as they come, instead of what is right: a status, or with 200 a text. */
  replies: (number | string)[] = [];

  constructor(
    private readonly contacts: Readonly<Record<string, Readonly<Record<string, string>>>>,
    private readonly instanceId: string,
    private readonly keyOf: (kid: string) => PublicJwk | undefined,
  ) {
    super((request, body, response) => void this.answer(request, body, response));
  }

  private async answer({ headers }: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const { handle = '', channel = '' } = JSON.parse(body) as Record<string, string>;
    const isFirst = await this.isFirst(headers.authorization);
    const address = this.contacts[handle]?.[channel] ?? null;
    const reply = this.replies.shift() ?? (isFirst ? 200 : 401);
    const status = typeof reply === 'string' ? 200 : reply;
    this.asked.push({ status, channel });
    const said = status === 200 ? { address } : {};
    const answer = typeof reply === 'string' ? reply : JSON.stringify(said);
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  }

  /** Whether it is a good token of the instance that nobody has shown before. */
  private async isFirst(authorization: string | undefined): Promise<boolean> {
    const token = /^Bearer (\S+)$/u.exec(authorization ?? '')?.[1] ?? '';
    const nowMs = Date.now();
    const { instanceId, url: audience, keyOf } = this;
    const checked = await checkInstanceToken(token, { instanceId, audience, nowMs, keyOf });
    return checked.ok && this.memory.use(instanceId, checked.value, nowMs) === 'first';
  }
}
