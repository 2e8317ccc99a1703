import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { fixedTopics, LeafSchema, message, encode, ReceiptsSchema, type Leaf } from '#contracts';
import { exchangeIdBytes, parseExchangeId, toHex } from '#kernel';
import { generateSigningKey, parseStatement, type Statement } from '#signing';
import { uniqueName } from '#testing';
import { checkpointText, ed25519Seed, GrowingTree, noteSigner, signNote, type NoteSigner } from '#tlog';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';

/**
 * A small log that answers stamps with real notes and proofs: a fake of the audit service, which a connector only meets
 * over Kafka. It checks no signatures and keeps nothing; the system specs run the real one. Specs can make it deaf.
 */
export class LogStandIn {
  /** Statements in the order of their leaves. */
  readonly leaves: Statement[] = [];
  /** Every stamp that arrived, duplicates included, by leaf hash. */
  readonly stamps: string[] = [];
  /** What it does with a stamp: log it, lose it, refuse it, or say that another leaf stands. */
  behave: (statement: Statement) => 'log' | 'lose' | 'refuse' = () => 'log';
  private tree = GrowingTree.empty();
  private readonly taken = new Map<string, Leaf>();
  private queue: Promise<void> = Promise.resolve();
  private subscription: Subscription | undefined;

  private constructor(
    private readonly bus: Bus,
    private readonly signer: NoteSigner,
  ) {}

  get vkey(): string {
    return this.signer.vkey;
  }

  static async start(bus: Bus): Promise<LogStandIn> {
    const seed = ed25519Seed(Buffer.from(generateSigningKey().d, 'base64url'));
    const log = new LogStandIn(bus, noteSigner(ORIGIN, seed.publicKey, seed.sign));
    log.subscription = await bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: uniqueName('log'),
      startAt: { kind: 'latest' },
      maxInFlight: 100,
      onError: () => undefined,
      each: (record) => (log.queue = log.queue.then(() => log.take(record))),
    });
    return log;
  }

  stop(): Promise<void> | undefined {
    return this.subscription?.stop();
  }

  private async take(record: ReceivedRecord): Promise<void> {
    const parsed = parseStatement(record.value.toString('latin1'));
    if (!parsed.ok) return;
    const statement = parsed.value;
    this.stamps.push(toHex(statement.leafHash));
    const does = this.behave(statement);
    if (does === 'lose') return;
    const leaf = does === 'refuse' ? refusal(statement) : this.append(statement);
    const value = await this.receipts(leaf);
    await this.bus.publish(
      (record.headers['reply'] ?? []).map((topic) => ({ topic, partition: 0, value, headers: { type: 'receipts' } })),
    );
  }

  /** Logs a manifest, and gives the receipt with which its registry publishes it. */
  receiptOf(manifest: Statement): Promise<Uint8Array> {
    const made = this.queue.then(() => this.receipts(this.append(manifest)));
    this.queue = made.then(() => undefined);
    return made;
  }

  private async receipts(leaf: Leaf): Promise<Uint8Array> {
    const note = await signNote(checkpointText(ORIGIN, this.tree.size, this.tree.root()), [this.signer]);
    return encode(
      ReceiptsSchema,
      message(ReceiptsSchema, { note: Buffer.from(note), size: BigInt(this.tree.size), leaves: [leaf] }),
    );
  }

  /** One leaf per slot: whoever comes second is told of the first. Proofs are made for a tree of the newest size. */
  private append(statement: Statement): Leaf {
    const { payload } = statement;
    const slot = payload.t === 'exchange.requested' ? 'c0' : 'p1';
    const signer = (slot === 'c0' ? payload.from : payload.to) ?? '';
    const key = `${payload.id} ${slot} ${signer}`;
    const standing = this.taken.get(key);
    const leafHash = standing?.leafHash ?? statement.leafHash;
    // A leaf that stands is appended again under its own hash, so that a fresh proof for it exists.
    const extension = this.tree.extend([Buffer.from(leafHash)]);
    const index = this.tree.size;
    this.tree = extension.next;
    if (standing === undefined) this.leaves.push(statement);
    const leaf = message(LeafSchema, {
      exchangeId: idBytes(statement),
      slot,
      signer,
      leafHash,
      index: BigInt(index),
      path: extension.path(index),
    });
    this.taken.set(key, leaf);
    return leaf;
  }
}

function refusal(statement: Statement): Leaf {
  return message(LeafSchema, { exchangeId: idBytes(statement), leafHash: statement.leafHash, refused: 'test-refusal' });
}

function idBytes(statement: Statement): Uint8Array {
  const id = parseExchangeId(statement.payload.id);
  return id === undefined ? Buffer.alloc(16) : exchangeIdBytes(id);
}
