import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { isLoopback } from './portal-places.js';
import { mailTransmission, type Transmission } from './transmission.js';

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, or by STARTTLS, which is then required; within this machine neither. */
  readonly tls: 'implicit' | 'starttls';
  readonly user: string;
  readonly password: string | undefined;
  readonly from: string;
  readonly timeoutMs: number;
  readonly maxConnections: number;
}

export interface Mail {
  /** Of the delivery: its Message-ID is made from it, so it is the same with each attempt. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Brings mails to the operator's SMTP server, over a few connections that it keeps. */
export class Mails {
  private readonly transport;
  /** Of mails under way, by Message-ID: what their body is read from. Written by the plugin, taken out by `send`. */
  private readonly bodies = new Map<string, Readable>();
  private readonly domain: string;

  constructor(private readonly settings: MailSettings) {
    const { host, port, tls, user, password, timeoutMs, maxConnections, from } = settings;
    const isLocal = isLoopback(host);
    this.domain = from.slice(from.lastIndexOf('@') + 1);
    this.transport = createTransport({
      ...{ pool: true, host, port, maxConnections, secure: tls === 'implicit' && !isLocal },
      ...(isLocal ? { ignoreTLS: true } : { requireTLS: true }),
      ...(password === undefined ? {} : { auth: { user, pass: password } }),
      ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
      // It says nothing of itself: its lines would hold addresses.
      ...{ logger: false, debug: false, disableFileAccess: true, disableUrlAccess: true },
      // A connection that was closed while it was idle is given one other; never one that has begun with the body.
      maxRequeues: 1,
    });
    this.transport.use('stream', (mail, done) => {
      const { message } = mail;
      const make = message.createReadStream.bind(message);
      const name = message.messageId();
      message.createReadStream = (options) => {
        const body = make(options);
        this.bodies.set(name, body);
        return body;
      };
      done();
    });
    // Idle connections that end are opened anew when there is something to send.
    this.transport.on('error', () => undefined);
  }

  async send({ id, to, subject, text }: Mail): Promise<Transmission> {
    const messageId = `<${id}@${this.domain}>`;
    try {
      await this.transport.sendMail({
        ...{ messageId, subject, text, from: this.settings.from, to: { name: '', address: to } },
        headers: { 'Auto-Submitted': 'auto-generated' },
        // Of each pause there is a limit already: this one is for a server that says something again and again.
        signal: AbortSignal.timeout(this.settings.timeoutMs * 2),
      });
      return { kind: 'taken' };
    } catch (cause) {
      // What it says may hold the address; only codes are looked at.
      return this.judged(cause, this.bodies.get(messageId)?.readableDidRead === true);
    } finally {
      this.bodies.delete(messageId);
    }
  }

  close(): void {
    this.transport.close();
  }

  private judged(cause: unknown, isBegun: boolean): Transmission {
    const { command, responseCode } = (typeof cause === 'object' && cause !== null ? cause : {}) as {
      readonly command?: unknown;
      readonly responseCode?: unknown;
    };
    const reply = typeof responseCode === 'number' ? responseCode : undefined;
    // That our own password, sender or connection is refused says nothing of this mail.
    const isOfMail = isBegun || command === 'RCPT TO';
    if (reply !== undefined && !isOfMail) return { kind: 'again', why: `smtp-${reply}` };
    return mailTransmission(reply, isBegun);
  }
}
