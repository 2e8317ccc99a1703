import { setTimeout as pause } from 'node:timers/promises';
import type { Statement } from '#signing';
import type { AuditNetwork } from '../../../audit/audit-network.js';
import { eventually } from '#testing';
import { PATIENCE } from './audit-process.js';

const TICK_MS = 20;
const PER_TICK = 8;
/** Statements without a receipt, at most: senders wait, as gateways do. */
const MAX_WAITING = 1_000;

/** Members whose processes stamp at a steady pace, and stamp again what has no receipt. They keep every receipt. */
export class Stampers {
  readonly stamped: Statement[] = [];
  /** Leaf hashes, hex; `seen` receipts of the network are in it. */
  private readonly receipted = new Set<string>();
  private seen = 0;
  /** Of the load that runs now. */
  private closing: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly network: AuditNetwork) {}

  /** From now on there is load; nothing more if there is already. */
  start(): void {
    if (this.closing !== undefined) return;
    this.closing = new AbortController();
    this.running = this.run(this.closing.signal);
  }

  async stop(): Promise<void> {
    this.closing?.abort();
    this.closing = undefined;
    await this.running;
  }

  /** Sends so many statements at once, and waits for nothing. */
  async send(count: number): Promise<Statement[]> {
    const statements = await Promise.all(Array.from({ length: count }, () => this.network.requested()));
    this.stamped.push(...statements);
    await this.network.stamp(statements);
    return statements;
  }

  /** Statements with a proven receipt, so far. */
  get receiptedCount(): number {
    this.look();
    return this.receipted.size;
  }

  /** Waits until so many more statements have a receipt. */
  async progress(count: number): Promise<void> {
    const wanted = this.receiptedCount + count;
    await eventually(() => this.receiptedCount >= wanted, PATIENCE);
  }

  get missing(): Statement[] {
    this.look();
    return this.stamped.filter(({ leafHash }) => !this.receipted.has(leafHash.toString('hex')));
  }

  /** Ends the load; who has no receipt when all was read stamps again, until everybody has one. */
  async settle(): Promise<void> {
    await this.stop();
    // The log's order is the topic's: when this one stands, everything before it was read.
    await eventually(async () => {
      await this.network.stampAndWait(await this.addOne(), 5_000);
      return true;
    }, PATIENCE);
    await this.network.stamp(this.missing);
    await eventually(() => this.missing.length === 0, PATIENCE);
  }

  private async addOne(): Promise<Statement> {
    const statement = await this.network.requested();
    this.stamped.push(statement);
    return statement;
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // What could not be sent, or did not seem to be, is without a receipt and is sent again at the end.
      if (this.missing.length < MAX_WAITING) await this.send(PER_TICK).catch(() => undefined);
      // The pace of the load, not a wait for anything. Rejects at its end, which the loop sees.
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private look(): void {
    for (const { leaf, isProven } of this.network.receipts.slice(this.seen))
      if (isProven && leaf.refused === '') this.receipted.add(Buffer.from(leaf.leafHash).toString('hex'));
    this.seen = this.network.receipts.length;
  }
}
