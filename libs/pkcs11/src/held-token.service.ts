import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { signingErrors, verifySignature, withLowS, type Algorithm, type PublicJwk } from '#signing';
import { signInput } from './sign-input.js';
import { TokenProcess } from './token-process.service.js';
import { TokenQueue, type Asked, type SignerTrouble } from './token-queue.js';
import type { FromToken, KeyName, TokenPlan } from './token.worker.js';

/** A key as it is looked for in its token, with the public half that its signatures must be by. */
export interface HeldKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly jwk: PublicJwk;
  readonly name: KeyName;
  /** Then it is of no use any more, and nobody asks whether it would sign. */
  readonly untilMs: number;
}

/** A token, or with `kid` one key of it, has gone or is back. */
export interface Turn {
  readonly token: string;
  readonly kid?: string;
  /** Undefined: it signs again. */
  readonly trouble: SignerTrouble | undefined;
  /** The library's own code, e.g. CKR_DEVICE_REMOVED. */
  readonly said: string | undefined;
}

export interface TokenLimits {
  readonly queue: number;
  readonly timeoutMs: number;
  /** Names of variables that the module is given. */
  readonly environment: readonly string[];
}

export interface TokenEvents {
  readonly signed: (tookMs: number) => void;
  readonly refused: (trouble: SignerTrouble) => void;
  readonly turned: (turn: Turn) => void;
}

interface Signature extends Asked {
  readonly key: HeldKey;
  readonly data: Uint8Array;
}

type PublicHalf = Extract<FromToken, { kind: 'public' }>;

/** Loading a module and logging in, also over a network. */
const OPEN_MS = 15_000;
/** Troubles of one key in a token that answers. */
const OF_KEY: ReadonlySet<SignerTrouble> = new Set(['key-missing', 'key-ambiguous', 'key-unusable']);
const PROBE_MS = 5_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;
/** No JWS begins like this: what a probe signs is no statement and no document. */
const PROBE = Buffer.from('\0kerege/probe/v1\0');

/**
 * One token, through as many lives of its process as it takes. Every signature is verified before it is given out, so a
 * token that was replaced by another of the same name signs nothing. What fails is refused at once until a probe has
 * succeeded again; a PIN that was refused is not tried again until its file changes, because tokens lock themselves.
 */
export class HeldToken {
  private process: TokenProcess | undefined;
  private isOpen = false;
  private isClosed = false;
  private isWatched = false;
  private trouble: SignerTrouble | undefined;
  private readonly keys = new Map<string, HeldKey>();
  /** By kid: troubles of one key in a token that answers. */
  private readonly keyTroubles = new Map<string, SignerTrouble>();
  /** Kids that have signed in this life of the process, with the time when they did last. */
  private readonly proven = new Map<string, number>();
  private readonly queue: TokenQueue<Signature>;
  /** Public halves that are waited for; only the command line asks, one at a time. */
  private readonly halves = new Map<number, (message: FromToken | undefined) => void>();
  private lastN = 0;
  private heardMs = 0;
  private failures = 0;
  private isFlushing = false;
  private pinStamp: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private opening: NodeJS.Timeout | undefined;

  constructor(
    readonly name: string,
    private readonly plan: TokenPlan,
    private readonly limits: TokenLimits,
    private readonly events: TokenEvents,
  ) {
    // Twice the sessions: the next signature is there when one ends.
    this.queue = new TokenQueue(limits.queue, 2 * plan.sessions);
  }

  get waiting(): number {
    return this.queue.size;
  }

  add(key: HeldKey): void {
    this.keys.set(key.kid, key);
  }

  /** Opens it, and from now on looks after it: for processes that stay. */
  watch(): void {
    if (this.isWatched || this.isClosed) return;
    this.isWatched = true;
    this.start();
    this.look();
  }

  troubleOf(kid: string): SignerTrouble | undefined {
    if (this.trouble !== undefined) return this.trouble;
    return this.keyTroubles.get(kid);
  }

  /** The first trouble, of the token or of one of its keys. */
  anyTrouble(): SignerTrouble | undefined {
    if (this.trouble !== undefined) return this.trouble;
    const troubled = this.keysInUse().find(({ kid }) => this.keyTroubles.has(kid));
    return troubled === undefined ? undefined : this.keyTroubles.get(troubled.kid);
  }

  /** Whether a key of it may still be asked for; else nobody minds, or learns, how it is. */
  get isInUse(): boolean {
    return this.keysInUse().length > 0;
  }

  /** Whether no key of it would sign; with one that does it is there. */
  get isAway(): boolean {
    return this.trouble !== undefined || this.keysInUse().every(({ kid }) => this.keyTroubles.has(kid));
  }

  /** Rejects with `signer-unavailable`: nothing was signed then, or nobody will ever see it. */
  sign(key: HeldKey, data: Uint8Array): Promise<Uint8Array> {
    const trouble = this.isClosed ? 'closed' : this.trouble;
    if (trouble === undefined) return this.ask(key, data);
    this.events.refused(trouble);
    return Promise.reject(this.refusal(trouble));
  }

  async publicKey(name: KeyName): Promise<PublicHalf> {
    const n = (this.lastN += 1);
    const message = await new Promise<FromToken | undefined>((resolve) => {
      this.halves.set(n, resolve);
      this.start();
      this.holdOpen();
      this.process?.send({ kind: 'public', n, key: name });
    });
    this.halves.delete(n);
    this.holdOpen();
    if (message?.kind === 'public') return message;
    throw this.refusal(message?.kind === 'failed' ? message.reason : (this.trouble ?? 'token-failed'));
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.opening);
    this.process?.kill();
    this.process = undefined;
    this.queue.rejectAll('closed');
  }

  private holdOpen(): void {
    this.process?.holdOpen(this.queue.size + this.halves.size > 0);
  }

  private ask(key: HeldKey, data: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const n = (this.lastN += 1);
    const startedMs = performance.now();
    const timer = setTimeout(() => this.late(n), this.limits.timeoutMs);
    const job: Signature = {
      ...{ n, key, data },
      resolve: (signature) => {
        clearTimeout(timer);
        this.events.signed(performance.now() - startedMs);
        resolve(signature);
      },
      reject: (trouble) => {
        clearTimeout(timer);
        this.events.refused(trouble);
        reject(this.refusal(trouble));
      },
    };
    if (this.queue.add(job)) {
      this.start();
      this.flushSoon();
    } else job.reject('queue-full');
    return promise;
  }

  private refusal(reason: SignerTrouble) {
    return signingErrors.error('signer-unavailable', { details: { token: this.name, reason } });
  }

  private start(): void {
    if (this.process !== undefined || this.isClosed) return;
    this.isOpen = false;
    this.proven.clear();
    void this.notePin();
    const life: TokenProcess = new TokenProcess(this.plan, this.limits.environment, {
      said: (message) => {
        if (this.process === life) this.said(message);
      },
      ended: (reason, said) => {
        if (this.process === life) this.goDown(reason, said);
      },
    });
    this.process = life;
    this.opening = setTimeout(() => this.goDown('token-silent'), OPEN_MS);
    this.opening.unref();
  }

  private said(message: FromToken): void {
    this.heardMs = performance.now();
    if (message.kind === 'opened') {
      clearTimeout(this.opening);
      this.isOpen = true;
      if (this.isWatched) this.probe();
      this.flushSoon();
    } else if (message.kind === 'signed') this.signed(message.n, message.signature);
    else if (message.n !== undefined) this.answered(message.n, message);
  }

  private signed(n: number, made: Uint8Array): void {
    const job = this.queue.take(n);
    this.flushSoon();
    if (job === undefined) return;
    const { key, data } = job;
    const signature = key.alg === 'ES256' && made.length === 64 ? withLowS(made) : made;
    // Also of a token in good health: what it made is given out as somebody's word.
    if (!verifySignature(key.jwk, key, data, signature)) {
      this.turnKey(key.kid, 'signature-wrong');
      job.reject('signature-wrong');
      return;
    }
    this.proven.set(key.kid, performance.now());
    this.turnKey(key.kid, undefined);
    this.failures = 0;
    this.turn(undefined);
    job.resolve(signature);
  }

  private answered(n: number, message: Exclude<FromToken, { kind: 'opened' | 'signed' }>): void {
    const half = this.halves.get(n);
    if (half !== undefined) {
      half(message);
      return;
    }
    const job = this.queue.take(n);
    this.flushSoon();
    if (job === undefined || message.kind !== 'failed') return;
    const { reason, said } = message;
    job.reject(reason);
    // A key that signed a while ago and does not now: that is the token, and perhaps a library that has not noticed.
    if (OF_KEY.has(reason) && !this.proven.has(job.key.kid)) this.turnKey(job.key.kid, reason, said);
    else this.goDown(reason, said);
  }

  /** A signature has taken too long. A token that says nothing to anybody is opened anew; a slow one is let work. */
  private late(n: number): void {
    const { isAsked } = this.queue;
    this.queue.giveUp(n)?.reject('token-silent');
    const isSilent = performance.now() - this.heardMs >= this.limits.timeoutMs;
    if (isAsked && isSilent) this.goDown('token-silent');
    else this.flushSoon();
  }

  private goDown(reason: SignerTrouble, said?: string): void {
    clearTimeout(this.opening);
    this.process?.kill();
    this.process = undefined;
    this.isOpen = false;
    this.failures += 1;
    this.turn(reason, said);
    this.queue.rejectAll(reason);
    for (const half of this.halves.values()) half(undefined);
    if (this.isWatched && !this.isClosed) this.retryLater();
  }

  private turn(trouble: SignerTrouble | undefined, said?: string): void {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.events.turned({ token: this.name, trouble, said });
  }

  private turnKey(kid: string, trouble: SignerTrouble | undefined, said?: string): void {
    if (this.keyTroubles.get(kid) === trouble) return;
    if (trouble === undefined) this.keyTroubles.delete(kid);
    else this.keyTroubles.set(kid, trouble);
    this.events.turned({ token: this.name, kid, trouble, said });
  }

  private keysInUse(): HeldKey[] {
    const nowMs = Date.now();
    return [...this.keys.values()].filter(({ untilMs }) => nowMs < untilMs);
  }

  private retryLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => void this.retry(),
      Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.failures - 1, 10), LAST_RETRY_MS),
    );
    this.timer.unref();
  }

  private async retry(): Promise<void> {
    if (this.trouble === 'pin-refused' && (await stampOf(this.plan.pinFile)) === this.pinStamp) {
      this.retryLater();
      return;
    }
    this.start();
    this.look();
  }

  private async notePin(): Promise<void> {
    this.pinStamp = await stampOf(this.plan.pinFile);
  }

  /** Every few seconds, whether keys that nobody used in the meantime would still sign. */
  private look(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.isOpen) this.probe();
      this.look();
    }, PROBE_MS);
    this.timer.unref();
  }

  private probe(): void {
    const sinceMs = performance.now() - PROBE_MS;
    for (const key of this.keysInUse()) {
      if ((this.proven.get(key.kid) ?? -Infinity) > sinceMs) continue;
      const data = Buffer.concat([PROBE, randomBytes(16)]);
      // Its failure is noted where every failure is.
      this.ask(key, data).catch(() => undefined);
    }
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      if (!this.isOpen) return;
      this.holdOpen();
      const tasks = this.queue.next().map(({ n, key, data }) => ({
        ...{ n, key: key.name, alg: key.alg, data: signInput(key.alg, data) },
      }));
      if (tasks.length > 0) this.process?.send({ kind: 'sign', tasks });
    });
  }
}

async function stampOf(file: string | undefined): Promise<string | undefined> {
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
