import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { encode, fixedTopics, LeafSchema, message, ReceiptsSchema, type Leaf } from '#contracts';
import { exchangeIdBytes, parseExchangeId } from '#kernel';
import { parseStatement, slotFor, type Statement } from '#signing';
import { checkpointText, ed25519Seed, GrowingTree, noteSigner, parseVkey, signNote, type NoteKey } from '#tlog';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';

/** What a spec may change of a receipt before it is sent; undefined swallows it. */
export type Tamper = (leaf: Leaf, statement: Statement) => Leaf | undefined;

/**
 * STAND-IN for the audit service, for the gateway's specs only: one in-memory tree, one signed note per stamp, receipts
 * for duplicates. It checks no signature and keeps nothing.
 */
export class StandInLog {
  readonly leaves: Statement[] = [];
  tamper: Tamper = (leaf) => leaf;
  /** Seed of the key that signs notes; a spec may swap it for a stranger's. */
  seed = Buffer.alloc(32, 7);
  private readonly byHash = new Map<string, number>();
  private readonly bySlot = new Map<string, number>();
  private tree = GrowingTree.empty();
  private readonly paths = new Map<number, { size: number; note: string; path: Buffer[] }>();
  private subscription: Subscription | undefined;
  /** Every stamp that came, duplicates too. */
  stamps = 0;
  /** Whose checkpoint goes out instead of the leaf's own; a spec sets it together with `tamper`. */
  noteOf: number | ((leaf: Leaf) => number | undefined) | undefined;

  constructor(private readonly bus: Bus) {}

  static keys(): NoteKey[] {
    const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 7));
    const parsed = parseVkey(noteSigner(ORIGIN, publicKey, sign).vkey);
    return parsed.ok ? [parsed.value] : [];
  }

  async start(): Promise<void> {
    this.subscription = await this.bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: `stand-in-log-${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: 1,
      onError: () => undefined,
      each: (record) => this.take(record),
    });
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  ofType(type: string): Statement[] {
    return this.leaves.filter(({ payload }) => payload.t === type);
  }

  /** Index and path of a leaf in the tree in which it was first proven. */
  proofOf(index: number): { index: bigint; path: Buffer[] } {
    return { index: BigInt(index), path: this.paths.get(index)?.path ?? [] };
  }

  private async take(record: ReceivedRecord): Promise<void> {
    this.stamps += 1;
    const parsed = parseStatement(record.value.toString('latin1'));
    if (!parsed.ok) return;
    const statement = parsed.value;
    const { slot, signer } = placeOf(statement);
    const index = await this.place(statement, `${statement.payload.id} ${slot} ${signer}`);
    const proof = this.paths.get(index);
    const exchangeId = parseExchangeId(statement.payload.id);
    const standing = this.leaves[index];
    if (proof === undefined || exchangeId === undefined || standing === undefined) return;
    const leaf = message(LeafSchema, {
      exchangeId: exchangeIdBytes(exchangeId),
      slot,
      signer,
      leafHash: standing.leafHash,
      index: BigInt(index),
      path: proof.path,
    });
    const sent = this.tamper(leaf, standing);
    if (sent === undefined) return;
    const shown = this.shownFor(leaf) ?? proof;
    const note = Buffer.from(await this.noteFor(shown));
    const value = encode(ReceiptsSchema, message(ReceiptsSchema, { note, size: BigInt(shown.size), leaves: [sent] }));
    const topics = record.headers['reply'] ?? [];
    await this.bus.publish(topics.map((topic) => ({ topic, partition: 0, value, headers: { type: 'receipts' } })));
  }

  private shownFor(leaf: Leaf) {
    const other = typeof this.noteOf === 'function' ? this.noteOf(leaf) : this.noteOf;
    return other === undefined ? undefined : this.paths.get(other);
  }

  private async place(statement: Statement, slotKey: string): Promise<number> {
    const known = this.byHash.get(statement.leafHash.toString('hex')) ?? this.bySlot.get(slotKey);
    if (known !== undefined) return known;
    const index = this.leaves.push(statement) - 1;
    this.byHash.set(statement.leafHash.toString('hex'), index);
    this.bySlot.set(slotKey, index);
    const extension = this.tree.extend([statement.leafHash]);
    this.tree = extension.next;
    const text = checkpointText(ORIGIN, extension.size, extension.root);
    this.paths.set(index, { size: extension.size, note: text, path: extension.path(index) });
    return Promise.resolve(index);
  }

  private async noteFor({ note }: { note: string }): Promise<string> {
    const { publicKey, sign } = ed25519Seed(this.seed);
    return signNote(note, [noteSigner(ORIGIN, publicKey, sign)]);
  }
}

/** Failures that a connector states; all others here are the gateway's. */
const PROVIDERS_FAILURES: ReadonlySet<string | undefined> = new Set(['connector-busy', 'breaker-open']);

/** The provider signs answers, refusals and its own failures. */
function placeOf({ payload }: Statement): { slot: string; signer: string } {
  const { from = '', to = '' } = payload;
  const isProviders =
    slotFor(payload, 'to') === 'p1' && (payload.t !== 'exchange.failed' || PROVIDERS_FAILURES.has(payload.why));
  return isProviders ? { slot: 'p1', signer: to } : { slot: slotFor(payload, 'from') ?? 'p1', signer: from };
}
