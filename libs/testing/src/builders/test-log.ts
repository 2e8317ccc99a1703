import {
  checkpointText,
  consistencyPath,
  ed25519Seed,
  encodeAddCheckpoint,
  GrowingTree,
  leafHash,
  noteSigner,
  parseVkey,
  signNote,
  type NoteKey,
  type NoteSigner,
  type TileReader,
} from '#tlog';

/** A log in memory, for specs of those who watch logs: any size of it can be signed, and it can be forked. */
export class TestLog {
  private constructor(
    readonly signer: NoteSigner,
    private readonly leaves: readonly Buffer[],
  ) {}

  /** `size` leaves and a key made from `seed`, a number below 256. */
  static create(origin: string, size: number, seed = 1): TestLog {
    const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, seed));
    const leaves = Array.from({ length: size }, (_, at) => leafHash(Buffer.from(`leaf-${at}`)));
    return new TestLog(noteSigner(origin, publicKey, sign), leaves);
  }

  /** The same log, signed with the same key, of which one leaf was rewritten. */
  rewritten(index: number): TestLog {
    return new TestLog(this.signer, this.leaves.with(index, leafHash(Buffer.from(`another-${index}`))));
  }

  get key(): NoteKey {
    const parsed = parseVkey(this.signer.vkey);
    if (!parsed.ok) throw new TypeError(parsed.reason);
    return parsed.value;
  }

  get vkey(): string {
    return this.signer.vkey;
  }

  root(size: number): Buffer {
    return GrowingTree.empty().extend(this.leaves.slice(0, size)).root;
  }

  note(size: number): Promise<string> {
    return signNote(checkpointText(this.signer.name, size, this.root(size)), [this.signer]);
  }

  async proof(from: number, to: number): Promise<Buffer[]> {
    const { fullTiles } = GrowingTree.empty().extend(this.leaves);
    const readTile: TileReader = ({ level, index, width }) => {
      const roots = fullTiles.filter((tile) => tile.level === level - 1).map((tile) => tile.root);
      return Promise.resolve(
        Buffer.concat((level === 0 ? this.leaves : roots).slice(index * 256, index * 256 + width)),
      );
    };
    const proof = await consistencyPath(from, to, readTile);
    if (!proof.ok) throw new TypeError(proof.reason);
    return proof.value;
  }

  /** What a witness is asked about the step from one size to another. */
  async request(from: number, to: number): Promise<string> {
    return encodeAddCheckpoint({ oldSize: from, proof: await this.proof(from, to), checkpoint: await this.note(to) });
  }
}
