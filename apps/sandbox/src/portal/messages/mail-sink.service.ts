import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A mail as it came. */
export interface SunkMail {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly atMs: number;
}

const MOST_MAILS = 200;
const MOST_BYTES = 64 * 1024;
const MOST_CLIENTS = 20;
const SILENCE_MS = 30_000;

/** Takes every mail and brings none: what would reach people is shown by the portal instead. The oldest gives way. */
export class MailSink {
  /** The newest first; written as they come. */
  private readonly mails: SunkMail[] = [];
  private readonly server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false, closeTimeout: 1_000 },
    ...{ size: MOST_BYTES, maxClients: MOST_CLIENTS, socketTimeout: SILENCE_MS },
    onData: (stream, session, done) => {
      simpleParser(stream).then(
        ({ subject = '', text = '' }) => {
          if (stream.sizeExceeded) {
            done(Object.assign(new TypeError('too large'), { responseCode: 552 }));
            return;
          }
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          const to = rcptTo.map(({ address }) => address).join(', ');
          this.mails.unshift({ to, from, subject, text, atMs: Date.now() });
          this.mails.length = Math.min(this.mails.length, MOST_MAILS);
          done();
        },
        // No mail: whoever sent it is told.
        () => done(Object.assign(new TypeError('no mail'), { responseCode: 554 })),
      );
    },
  });

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve());
    });
    // A client that goes away in the middle is nobody's trouble.
    this.server.on('error', () => undefined);
  }

  /** To these addresses, the newest first. */
  to(addresses: readonly string[]): SunkMail[] {
    return this.mails.filter(({ to }) => addresses.includes(to));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
