import { expect } from '@jest/globals';
import { CASE_KINDS, deliveryRecord, sealDelivery, type DisputeContent } from '#deliveries';
import { newExchangeId, type SubsystemId } from '#kernel';
import type { RunningApp } from '#platform';
import { answerDigest, publicJwk, startSession } from '#signing';
import { eventually, withFeedback } from '#testing';
import { PROVIDER, type ConnectorNetwork } from './connector-network.js';
import type { Crafted } from './evil-gateway.js';

const to = PROVIDER as SubsystemId;

/** An address, an income in a list, and whom a parcel is of. */
export function withElements(text: string): string {
  const element = (id: string) => `{ id: ${id}, owner: GOV/1001/population, title: { en: X } }`;
  const place = (endpoint: string, pointer: string, id: string) =>
    `{ service: GOV/1001/population/persons, endpoint: "${endpoint}", pointer: "${pointer}", element: ${id} }`;
  const places = [
    place('GET /{pin}', '/address', 'address'),
    place('GET /{pin}', '/jobs/*/income', 'income'),
    place('GET /parcels/{id}', '/area', 'area'),
  ];
  const elements = ['address', 'income', 'area'].map(element);
  return `${withFeedback(text)}elements: [${elements.join(', ')}]\nelementPlaces: [${places.join(', ')}]\n`;
}

/** What feedback delivers, what the agency answers, and what a gateway sees of it. */
export class Disputing {
  private atMs = Date.parse('2026-11-27T12:00:00Z');

  /** `app`: the connector that is asked now. */
  constructor(
    private readonly network: ConnectorNetwork,
    private readonly app: () => RunningApp,
  ) {}

  /** A record as feedback makes it; each newer than all before. */
  flagged(element: string, changes: Partial<DisputeContent> = {}): Promise<Buffer> {
    this.atMs += 1_000;
    return this.delivered(CASE_KINDS.dispute, {
      ...{ flag: `flag-${element}`, subject: 'TEST/PIN/TEST000001', element, isOn: true },
      ...{ since: '2026-11-27T12:00:00.000Z', at: new Date(this.atMs).toISOString(), option: 'FLAG' },
      ...{ exemptPurposes: [], ...changes },
    });
  }

  /** The same for anything that feedback delivers. */
  async delivered(kind: string, content: object): Promise<Buffer> {
    const head = { id: newExchangeId(), kind, to };
    const { seal } = this.network.world.keysOf(PROVIDER);
    const session = await startSession({ recipient: to, kid: seal.kid, publicJwk: publicJwk(seal) });
    const value = sealDelivery(head, content, session);
    return Buffer.from(deliveryRecord({ ...head, recipient: to, value, madeMs: this.atMs, attempt: 1 }));
  }

  get topic(): string {
    return this.network.world.view.correctionsOf(to)?.topic ?? '';
  }

  async send(...values: readonly Buffer[]): Promise<void> {
    await this.network.bus.publish(values.map((value) => ({ topic: this.topic, partition: 0, key: 'x', value })));
  }

  async metric(line: string, of = this.app()): Promise<number> {
    const text = await (await fetch(`${of.url}/metrics`)).text();
    const found = text.split('\n').find((one) => one.startsWith(line));
    return Number(found?.split(' ').at(-1) ?? 'NaN');
  }

  heldBy(of: RunningApp): Promise<number> {
    return this.metric('kerege_connector_disputes_number{state="held"', of);
  }

  /** Held by the connector that answers now. */
  held(number: number): Promise<boolean> {
    return eventually(async () => (await this.heldBy(this.app())) === number, { timeoutMs: 15_000 });
  }

  /** What `/status` says of the flags. */
  async part(of = this.app()) {
    const { parts } = (await (await fetch(`${of.url}/status`)).json()) as { parts: { part: string }[] };
    return parts.find(({ part }) => part === 'disputes');
  }

  answering(body: unknown, headers: Record<string, string> = {}): void {
    this.network.agency.answer = (_call, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
  }

  /** The stated answer to a request, and its flags; the digest has to cover them. */
  async asked(mischief: Parameters<ConnectorNetwork['send']>[0] = {}) {
    const sent: Crafted = await this.network.send(mischief);
    const { statement, ...seen } = await this.network.answerTo(sent);
    if (seen.content === undefined) return { payload: statement.payload, marks: [] };
    const opened = this.network.open(sent, { statement, ...seen });
    const marks = opened.headers.filter(([name]) => name.toLowerCase() === 'kerege-disputed').map(([, value]) => value);
    const head = { ...opened, headers: opened.headers.map(([name, value]) => ({ name, value })) };
    expect(statement.payload).toMatchObject({ res: answerDigest(sent.salt, head) });
    return { payload: statement.payload, marks };
  }
}
