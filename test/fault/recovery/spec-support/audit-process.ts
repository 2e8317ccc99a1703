import { freePort } from '#local';
import { eventually, type AppProcess, type ProcessRunner } from '#testing';
import { Boundary } from '../../harness/boundary.js';
import { postgresProtocol } from '../../harness/postgres-wire.js';
import { startProxy, type Proxy } from '../../harness/wire.js';

export const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 };

export interface Part {
  readonly part: string;
  readonly state: 'ok' | 'degraded' | 'down';
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditProcessOptions {
  readonly runner: ProcessRunner;
  readonly databaseUrl: string;
  /** Its settings, without its port and database. */
  readonly env: Readonly<Record<string, string>>;
}

/** One built audit process, which reaches PostgreSQL through a boundary of its own and is started as often as wanted. */
export class AuditProcess {
  /** The process of the newest start; set by `start`. */
  private running: AppProcess | undefined;

  private constructor(
    private readonly options: AuditProcessOptions,
    private readonly port: number,
    /** Here moments are chosen: `arm` a plan with a step of `harness/steps.ts`. */
    readonly boundary: Boundary,
    private readonly postgres: Proxy,
  ) {}

  static async create(options: AuditProcessOptions): Promise<AuditProcess> {
    const boundary = new Boundary();
    const serverPort = Number(new URL(options.databaseUrl).port);
    const speak = postgresProtocol((crossing) => boundary.meet(crossing));
    const postgres = await startProxy({ boundary, port: 0, serverPort, speak });
    return new AuditProcess(options, await freePort(), boundary, postgres);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it; resolves when it lives, whether or not it takes the log over. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const { runner, databaseUrl, env } = this.options;
    const database = new URL(databaseUrl);
    database.port = String(this.postgres.port);
    this.running = await runner.start({
      app: 'audit',
      env: { ...env, DATABASE_URL: database.href, KEREGE_PORT: String(this.port), ...settings },
      readyUrl: `${this.url}/live`,
      timeoutMs: PATIENCE.timeoutMs,
    });
  }

  /** Waits until it is the writer, with a manifest in force. */
  async ready(): Promise<void> {
    await eventually(async () => (await fetch(`${this.url}/ready`)).status === 200, PATIENCE);
  }

  /** Waits until `/ready` names what is missing. */
  async says(text: string): Promise<void> {
    await eventually(async () => (await (await fetch(`${this.url}/ready`)).text()).includes(text), PATIENCE);
  }

  async part(name: string): Promise<Part> {
    const { parts } = (await (await fetch(`${this.url}/status`)).json()) as { parts: Part[] };
    const found = parts.find(({ part }) => part === name);
    if (found === undefined) throw new TypeError(`/status has no part ${name}`);
    return found;
  }

  /** Everything that it has written since its newest start. */
  log(): Promise<string> {
    return this.process.output();
  }

  freeze(): void {
    this.process.process.signal('SIGSTOP');
  }

  thaw(): void {
    this.process.process.signal('SIGCONT');
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.process.kill();
    this.boundary.reset();
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.boundary.reset();
  }

  close(): Promise<void> {
    return this.postgres.close();
  }

  private get process(): AppProcess {
    if (this.running === undefined) throw new TypeError('the process has not been started');
    return this.running;
  }
}
