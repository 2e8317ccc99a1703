import { join } from 'node:path';
import { freePort } from '#local';
import { processRunner } from '#testing';
import { connectorEnv, kafkaTlsEnv } from '../../../apps/sandbox/src/instance/app-plan.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { wordsOf, decision, type Scene, type Walk } from './walk.js';
import { drillInstance } from './drill.js';
import type { Inbox } from './inbox.js';

export interface Raced {
  /** Of the two who decided, told that it was taken. */
  readonly winners: number;
  /** What the other was told: status and refusal. */
  readonly loser: string;
  readonly hint: unknown;
  /** Whether the log has the word of who was told that it was taken. */
  readonly isWinnersWord: boolean;
}

const REASONS = ['error-confirmed', 'record-outdated'] as const;
/** A group of consumers may first have to miss its dead members. */
const READY_MS = 150_000;

/** Two case workers of the owner who decide at once, each over a connector of its own. */
export class Race {
  readonly raced: Raced[] = [];
  private readonly runner = processRunner();
  private second: Promise<string> | undefined;

  constructor(
    private readonly instance: Instance,
    private readonly inbox: Inbox,
  ) {}

  /** With different reasons, so that the log tells whose word it has. */
  async decide({ actors, log }: Scene, { person }: Walk): Promise<void> {
    const other = await (this.second ??= this.startSecond());
    const told = await Promise.all([
      actors.owner(person, 'decide', decision('ACCEPTED', REASONS[0])),
      actors.owner(person, 'decide', decision('ACCEPTED', REASONS[1]), other),
    ]);
    await log.stands(person.correctionId, 'decided', 1, 60_000);
    const word = log.leavesOf(person.correctionId).find(({ t }) => t === 'correction.decided')?.why;
    const won = told.findIndex(({ status }) => status === 200);
    const lost = told[1 - won];
    this.raced.push({
      winners: told.filter(({ status }) => status === 200).length,
      loser: lost === undefined ? 'nobody lost' : wordsOf(lost),
      hint: lost?.body['hint'],
      isWinnersWord: word === REASONS[won],
    });
  }

  stop(): Promise<void> {
    return this.runner.stopAll();
  }

  /** Under the same identity: the two stand in for each other. */
  private async startSecond(): Promise<string> {
    const { ports, dataDir, keysDir, trustFile, auditUrl, registryUrl, databaseUrl } = this.instance;
    const { kafkaBrokers, kafkaPrincipals } = this.instance;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await this.runner.start({
      app: 'connector',
      env: {
        ...{ KEREGE_HOST: '127.0.0.1', KEREGE_PORT: String(port), KEREGE_INSTANCE_ID: 'DEMO/cn1' },
        ...{ KEREGE_KEYS_DIR: keysDir, KEREGE_TRUST_FILE: trustFile },
        ...{ KEREGE_AUDIT_URL: auditUrl, KEREGE_REGISTRY_URL: registryUrl },
        ...connectorEnv('cn1', ports),
        ...drillInstance(this.inbox).env?.cn1,
        ...{ DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers },
        ...kafkaTlsEnv('DEMO/cn1', { kafkaTls: kafkaPrincipals }),
        KEREGE_LOG_NOTES_DIR: join(dataDir, 'notes', 'cn1-second'),
      },
      readyUrl: `${url}/ready`,
      timeoutMs: READY_MS,
    });
    return url;
  }
}
