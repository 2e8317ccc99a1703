import { setTimeout as delay } from 'node:timers/promises';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { judge } from '../evidence/verify.command.js';
import { ask, problemText, type HttpAnswer } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { accessToken } from '../token/access-token.service.js';

export interface CallOptions {
  readonly method: string;
  /** `DEMO/GOV/1001/population/persons/TEST000001?x=1`, with or without `/r1/` in front. */
  readonly path: string;
  readonly gatewayUrl: string;
  readonly client: string;
  readonly purpose?: string | undefined;
  readonly legalBasis?: string | undefined;
  readonly subject?: string | undefined;
  /** Assertion of who acts. */
  readonly endUser?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Text, or `@file`. */
  readonly data?: string | undefined;
  readonly contentType: string;
  readonly trustFile: string;
  /** Key file of the information system's credential; absent: X-Road-Client alone, which only loopback believes. */
  readonly credential?: string | undefined;
}

const EVIDENCE_ATTEMPTS = 5;
const EVIDENCE_PAUSE_MS = 400;

/** `kerege call`: a request through the gateway; its answer to standard output, and what proves it to the reader. */
export async function callCommand(options: CallOptions, terminal: Terminal): Promise<void> {
  const trust = await readBytes(options.trustFile);
  const proof = await proofOf(options);
  const answer = await ask(targetOf(options), await requestOf(options, proof));
  const id = answer.headers.get('kerege-exchange-id');
  terminal.tell(`HTTP ${answer.status}${id === null ? '' : ` · exchange ${id}`}`);
  if (answer.body.length > 0) terminal.out(`${answer.body.toString('utf8').trimEnd()}\n`);
  if (id === null || answer.headers.get('x-road-error') !== null)
    throw cliErrors.error('server-refused', { extensions: { problem: problemText(answer) } });
  const evidence = await fetchEvidence(options, proof, id);
  judge(evidence, trust, answer.body, false, terminal);
}

function targetOf({ gatewayUrl, path }: CallOptions): string {
  return `${gatewayUrl.replace(/\/+$/, '')}/r1/${path.replace(/^\/?(r1\/)?/, '')}`;
}

type Proof = Readonly<Record<string, string>>;

async function proofOf({ credential, gatewayUrl, client }: CallOptions): Promise<Proof> {
  if (credential === undefined) return { 'X-Road-Client': client };
  return { 'X-Road-Client': client, Authorization: `Bearer ${await accessToken(gatewayUrl, client, credential)}` };
}

async function requestOf(options: CallOptions, proof: Proof): Promise<RequestInit> {
  const { method, data, contentType } = options;
  const named = {
    ...proof,
    'Kerege-Purpose': options.purpose,
    'Kerege-Legal-Basis': options.legalBasis,
    'Kerege-Subject': options.subject,
    'Kerege-End-User': options.endUser,
    'Idempotency-Key': options.idempotencyKey,
    'Content-Type': data === undefined ? undefined : contentType,
  };
  const headers = new Headers({ Accept: 'application/json' });
  for (const [name, value] of Object.entries(named)) if (value !== undefined) headers.set(name, value);
  const body = data?.startsWith('@') === true ? await readBytes(data.slice(1)) : data;
  return { method: method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) };
}

/** The leaf of a failure follows its answer, so evidence may come a moment later. */
async function fetchEvidence({ gatewayUrl }: CallOptions, proof: Proof, id: string): Promise<Buffer> {
  const url = new URL(`/v1/exchanges/${id}/evidence`, gatewayUrl).href;
  let last: HttpAnswer | undefined;
  for (let attempt = 0; attempt < EVIDENCE_ATTEMPTS; attempt += 1) {
    last = await ask(url, { headers: proof });
    if (last.status === 200) return last.body;
    await delay(EVIDENCE_PAUSE_MS);
  }
  const problem = last === undefined ? '' : problemText(last);
  throw cliErrors.error('evidence-missing', { extensions: { address: url, problem } });
}
