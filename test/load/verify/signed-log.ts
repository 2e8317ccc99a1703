import { randomBytes } from 'node:crypto';
import { newExchangeId, toBase64Url } from '#kernel';
import { jwkSigner, signStatement, type Signer, type Statement } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';

const CONSUMER = 'TEST/GOV/1000/mygov';
const PROVIDER = 'TEST/GOV/1001/population';
const REGISTRY = 'TEST/registry1';

/** The statements of a log whose exchanges are made up: a first manifest, then requests and answers in turn. */
export class SignedLog {
  private manifest: Statement | undefined;

  private constructor(public world: World) {}

  static async create(): Promise<SignedLog> {
    return new SignedLog(await buildWorld());
  }

  signerOf(identifier: string): Signer {
    return jwkSigner(this.world.keysOf(identifier).sign);
  }

  /** The manifest that puts the world in force, after the one before. */
  async nextManifest(atMs: number, prev: Statement | null = this.manifest ?? null): Promise<Statement> {
    this.manifest = await signStatement(
      {
        v: 1,
        t: 'registry.manifest',
        id: newExchangeId(),
        ts: atMs,
        n: this.world.snapshot.number,
        until: atMs + 600_000,
        doc: publicDigest(this.world.digests),
        ...(prev === null ? {} : { prev: toBase64Url(prev.leafHash) }),
      },
      this.signerOf(REGISTRY),
    );
    return this.manifest;
  }

  request(atMs: number, signer = this.signerOf(CONSUMER)) {
    return signStatement(
      {
        v: 1,
        t: 'exchange.requested',
        id: newExchangeId(),
        ts: atMs,
        from: CONSUMER,
        to: PROVIDER,
        svc: `${PROVIDER}/persons`,
        ep: 'GET /{pin}',
        pur: 'citizen-view',
        law: 'LB-1',
        req: `h1:${randomBytes(32).toString('base64url')}`,
        subj: [`c1:${randomBytes(32).toString('base64url')}`],
        snap: 1,
      },
      signer,
    );
  }

  answer(requested: Statement, atMs: number, signer = this.signerOf(PROVIDER)) {
    return signStatement(
      {
        v: 1,
        t: 'exchange.answered',
        id: requested.payload.id,
        ts: atMs,
        from: CONSUMER,
        to: PROVIDER,
        svc: `${PROVIDER}/persons`,
        ep: 'GET /{pin}',
        st: 200,
        res: `h1:${randomBytes(32).toString('base64url')}`,
        prev: toBase64Url(requested.leafHash),
        snap: 1,
      },
      signer,
    );
  }

  /** A manifest and whole exchanges; the last one may be open. */
  async *leaves(count: number, atMs = Date.now()): AsyncGenerator<Buffer> {
    yield Buffer.from((await this.nextManifest(atMs)).jws);
    const [consumer, provider] = [this.signerOf(CONSUMER), this.signerOf(PROVIDER)];
    for (let made = 1; made < count; made += 2) {
      const requested = await this.request(atMs, consumer);
      yield Buffer.from(requested.jws);
      if (made + 1 < count) yield Buffer.from((await this.answer(requested, atMs, provider)).jws);
    }
  }
}
