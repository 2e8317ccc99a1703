import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `down`: the connection is cut at once. `lost`: it does its work, and the answer is lost. `silent`: it never answers.
 * `nonsense`: another protocol's answer.
 */
export type TimeFault = 'none' | 'down' | 'lost' | 'silent' | 'nonsense';

/** A time-stamp authority over HTTP that can be made to fail. */
export class TimeStandIn {
  /** Set by specs. */
  fault: TimeFault = 'none';
  /** Tokens made, whether or not they arrived. */
  made = 0;
  /** Questions heard. */
  asked = 0;
  private readonly server: Server;

  constructor(private readonly reply: (query: Buffer) => Buffer) {
    this.server = createServer((request, response) => {
      this.asked += 1;
      void bodyOf(request).then((query) => {
        if (this.fault === 'silent') return;
        if (this.fault === 'down') return void request.socket.destroy();
        if (this.fault === 'nonsense') return void response.setHeader('content-type', 'text/html').end('<html>');
        const answer = this.reply(query);
        this.made += 1;
        if (this.fault === 'lost') return void request.socket.destroy();
        response.setHeader('content-type', 'application/timestamp-reply').end(answer);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
