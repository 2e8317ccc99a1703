import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '#testing';
import type { Brought } from '../ledger/case-judge.js';

interface Notice {
  readonly id: string;
  readonly kind: string;
  readonly to: string;
  readonly content: Readonly<Record<string, unknown>>;
}
type Noted = { -readonly [Field in keyof Brought]: Brought[Field] };

/** The systems of all agencies, which remember every notice that is brought to them and take each. */
export class Inbox {
  readonly brought: Noted[] = [];
  /** Asked before a notice is taken; the answer waits for it. Written by `beforeTaking`. */
  private readonly holds = new Map<string, () => Promise<void>>();

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async open(): Promise<Inbox> {
    const server = createServer((request, response) => void inbox.take(request, response));
    const inbox = new Inbox(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return inbox;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()).closeAllConnections());
  }

  /** The first time that such a notice comes, its taking waits for this. */
  beforeTaking(kind: string, about: string, act: () => Promise<void>): void {
    this.holds.set(`${kind} ${about}`, act);
  }

  /** The first bringing of a notice. */
  heard(to: string, kind: string, about: string, timeoutMs: number): Promise<Brought> {
    const isIt = (one: Brought) => one.to === to && one.kind === kind && one.about === about;
    return eventually(() => this.brought.find(isIt), { timeoutMs, intervalMs: 50 }).catch(() => {
      throw new TypeError(`${to} does not hear ${kind} of ${about}`);
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      // Its bringer died within its own words: nothing was brought.
      return;
    }
    const noted = notedOf(JSON.parse(Buffer.concat(parts).toString('utf8')) as Notice);
    this.brought.push(noted);
    const name = `${noted.kind} ${noted.about}`;
    const hold = this.holds.get(name);
    this.holds.delete(name);
    await hold?.();
    response.once('finish', () => {
      // Whoever has gone meanwhile was told nothing.
      if (!request.socket.destroyed) noted.acknowledgedMs = Date.now();
    });
    response.writeHead(204).end();
  }
}

function notedOf({ id, kind, to, content }: Notice): Noted {
  const { correctionId, subject, what, isReopened } = content;
  const about = typeof correctionId === 'string' ? correctionId : String(subject);
  return {
    ...{ to, id, kind, content: JSON.stringify(content), about, isReopened: isReopened === true },
    what: typeof what === 'string' ? what : undefined,
    atMs: Date.now(),
    acknowledgedMs: undefined,
  };
}
