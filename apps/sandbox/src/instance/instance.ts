import type { KafkaTlsPlace, ProcessName } from './app-plan.js';
import type { Ports } from './layout.js';
import type { StepListener } from './step.js';

export type AgencyName = 'population' | 'cadastre' | 'benefits' | 'clinic';

export interface InstanceOptions {
  /** Everything that the instance keeps; made if it is not there. */
  readonly dataDir: string;
  /** Port of the gateway; absent: a base whose ports are all free. */
  readonly portBase?: number;
  /** Of a PostgreSQL to use instead of the embedded one. */
  readonly databaseUrl?: string;
  /** Of a Kafka to use instead of one of our own. */
  readonly kafkaBrokers?: readonly string[];
  /** Our own broker takes everybody, without TLS: for tests and benchmarks that bring clients of their own. */
  readonly isKafkaOpen?: boolean;
  /** `one-process`: without Kafka, as when there is no Java. Absent: as the machine allows. */
  readonly mode?: InstanceMode;
  /** Added to the settings of single processes; for tests and benchmarks. */
  readonly env?: Partial<Readonly<Record<ProcessName, Readonly<Record<string, string>>>>>;
  /** A second gateway, a second connector of each, and a standby of audit beside the first ones; for tests. */
  readonly isDoubled?: boolean;
  /** No feedback in the definition and no process of it: nobody seals openings; for a benchmark. */
  readonly isWithoutFeedback?: boolean;
  /** The registry has officers, so that a change needs two of them; absent: this machine applies at once. */
  readonly hasOfficers?: boolean;
  readonly onStep?: StepListener;
  /** Told when a process dies and what is done about it. */
  readonly tell?: (line: string) => void;
  /** Aborted: the start is given up and all that was started is stopped. */
  readonly signal?: AbortSignal;
}

export type InstanceMode = 'processes' | 'one-process';

/** A whole bus that runs on this machine. */
export interface Instance {
  readonly mode: InstanceMode;
  /** Why there is no Kafka, in the one-process mode. */
  readonly missing: string | undefined;
  readonly ports: Ports;
  readonly gatewayUrl: string;
  /** Of all gateways, the first one first. */
  readonly gatewayUrls: readonly string[];
  readonly auditUrl: string;
  readonly registryUrl: string;
  readonly feedbackUrl: string;
  /** Of the identity provider, as its tokens name it. */
  readonly issuerUrl: string;
  /** Of the sample portal, where a citizen signs in. */
  readonly portalUrl: string;
  /** As it was applied: the definition of the sandbox, with what only this machine knows. */
  readonly definitionFile: string;
  readonly agencies: Readonly<Record<AgencyName, string>>;
  readonly trustFile: string;
  readonly keysDir: string;
  readonly dataDir: string;
  readonly logsDir: string;
  readonly databaseUrl: string;
  readonly kafkaBrokers: string;
  /** With what one may do everything at the broker; absent: it is not ours, and takes everybody, or there is none. */
  readonly kafkaOperator: KafkaTlsPlace | undefined;
  /** By principal, e.g. `DEMO.gw1`. */
  readonly kafkaPrincipals: Readonly<Record<string, KafkaTlsPlace>>;
  /** Stops everything in order, within ten seconds. */
  stop(): Promise<void>;
  /** Ends everything now. */
  force(): Promise<void>;
  /** SIGKILL to one process, which is then started again. */
  kill(name: PartName): Promise<void>;
  /** SIGKILL to one process, which stays down until it is brought back; for tests of what a crash leaves. */
  takeDown(name: PartName): Promise<void>;
  bringBack(name: PartName): Promise<void>;
  /** SIGTERM, then a new start, as in a rolling restart. Returns the exit code; null: it did not end and was killed. */
  terminate(name: PartName): Promise<number | null>;
  /** SIGSTOP and SIGCONT: it keeps its connections and says nothing. PostgreSQL's sessions are not reached. */
  pause(name: PartName): void;
  resume(name: PartName): void;
  /** Process id of a part while it runs. */
  pid(name: PartName): number | undefined;
  /** What a part has written to its log. */
  logs(name: PartName): Promise<string>;
}

export type PartName = ProcessName | 'postgres' | 'kafka' | 'fallback';
