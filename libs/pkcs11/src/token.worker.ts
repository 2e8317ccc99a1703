import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * The process of one token. The maker's library is foreign code that may hang or crash: here it takes nothing with it but
 * signatures, which are refused then. It imports nothing of ours, so that Node can run this file as it stands. It lives as
 * long as its parent's channel, and where the library hangs, as its parent: a second thread looks for that.
 */
export interface TokenPlan {
  readonly module: string;
  readonly token: string | undefined;
  readonly serial: string | undefined;
  readonly pinFile: string | undefined;
  readonly sessions: number;
}

export interface KeyName {
  readonly object: string | undefined;
  /** Hexadecimal. */
  readonly id: string | undefined;
}

/** `data`: for EdDSA the message, for ES256 its SHA-256. */
export interface SignTask {
  readonly n: number;
  readonly key: KeyName;
  readonly alg: 'EdDSA' | 'ES256';
  readonly data: Uint8Array;
}

export type ToToken =
  | { readonly kind: 'open'; readonly plan: TokenPlan }
  | { readonly kind: 'sign'; readonly tasks: readonly SignTask[] }
  | { readonly kind: 'public'; readonly n: number; readonly key: KeyName };

export type TokenReason =
  | 'binding-missing'
  | 'module-unusable'
  | 'token-missing'
  | 'token-ambiguous'
  | 'pin-missing'
  | 'pin-file-mode'
  | 'pin-refused'
  | 'key-missing'
  | 'key-ambiguous'
  | 'key-unusable'
  | 'token-failed';

export type FromToken =
  | { readonly kind: 'opened' }
  | { readonly kind: 'signed'; readonly n: number; readonly signature: Uint8Array }
  | { readonly kind: 'public'; readonly n: number; readonly params: Uint8Array; readonly point: Uint8Array }
  /** Without `n`: of the token, and this process ends. `said` is the library's own code, e.g. CKR_DEVICE_REMOVED. */
  | { readonly kind: 'failed'; readonly n?: number; readonly reason: TokenReason; readonly said?: string };

type Handle = Buffer;

/** What is used of `pkcs11js`; declared here, because an optional library's own types may not be there. */
interface Library {
  load(path: string): void;
  C_Initialize(options: { flags: number }): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { label: string; serialNumber: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_GetSessionInfo(session: Handle): { slotID: Handle };
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: { type: number; value: number | string | Buffer }[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: { type: number }[]): { value: Buffer }[];
  C_SignInit(session: Handle, mechanism: { mechanism: number }, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, signature: Buffer): Promise<Buffer>;
}

interface Binding {
  readonly PKCS11: new () => Library;
  readonly CKF_OS_LOCKING_OK: number;
  readonly CKF_SERIAL_SESSION: number;
  readonly CKU_USER: number;
  readonly CKM_ECDSA: number;
  readonly CKO_PRIVATE_KEY: number;
  readonly CKO_PUBLIC_KEY: number;
  readonly CKA_CLASS: number;
  readonly CKA_ID: number;
  readonly CKA_LABEL: number;
  readonly CKA_EC_PARAMS: number;
  readonly CKA_EC_POINT: number;
}

/** PKCS#11 3.0; the binding's constants end with 2.40. */
const CKM_EDDSA = 0x1057;
/** Bits of the mode that let anybody but the owner in. */
const OTHERS = 0o077;
/** Failures of a log-in that say nothing of the PIN. All others count as its refusal: tokens lock after a few. */
const NOT_OF_PIN = /^CKR_(DEVICE_|TOKEN_NOT_|SESSION_|HOST_MEMORY)/;
/** The key, or what may be done with it; a handle that is none comes of a token that was pulled. */
const OF_KEY = /^CKR_(KEY_(?!HANDLE_INVALID$)|MECHANISM_|ATTRIBUTE_|USER_NOT_LOGGED_IN$)/;
const PARENT_MS = 1_000;

class TokenFailure extends Error {
  readonly reason: TokenReason;
  readonly said: string | undefined;
  constructor(reason: TokenReason, said?: string) {
    super(reason);
    this.reason = reason;
    this.said = said;
  }
}

class Token {
  private readonly binding: Binding;
  private readonly library: Library;
  private readonly free: Handle[] = [];
  private readonly all: Handle[] = [];
  private readonly waiting: SignTask[] = [];
  private readonly keys = new Map<string, Handle>();

  constructor(plan: TokenPlan) {
    this.binding = load();
    this.library = new this.binding.PKCS11();
    this.start(plan.module);
    const slot = this.slotOf(plan);
    const pin = readPin(plan.pinFile);
    for (let session = 0; session < plan.sessions; session += 1) this.open(slot, pin);
    this.free.push(...this.all);
  }

  sign(task: SignTask): void {
    const session = this.free.pop();
    if (session === undefined) this.waiting.push(task);
    else void this.signIn(session, task);
  }

  /** Raw CKA_EC_PARAMS and CKA_EC_POINT; the private half must be there, too. */
  publicKey(key: KeyName): { params: Buffer; point: Buffer } {
    const { CKA_EC_PARAMS, CKA_EC_POINT, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY } = this.binding;
    this.find(CKO_PRIVATE_KEY, key);
    const object = this.find(CKO_PUBLIC_KEY, key);
    const [params, point] = this.library.C_GetAttributeValue(this.session(), object, [
      { type: CKA_EC_PARAMS },
      { type: CKA_EC_POINT },
    ]);
    if (params === undefined || point === undefined) throw new TokenFailure('key-missing');
    return { params: params.value, point: point.value };
  }

  private start(module: string): void {
    try {
      this.library.load(module);
      this.library.C_Initialize({ flags: this.binding.CKF_OS_LOCKING_OK });
    } catch (cause) {
      throw new TokenFailure('module-unusable', saidBy(cause));
    }
  }

  private slotOf({ token, serial }: TokenPlan): Handle {
    const found = this.library.C_GetSlotList(true).filter((slot) => {
      const info = this.library.C_GetTokenInfo(slot);
      const [label, number] = [info.label, info.serialNumber].map((text) => text.replaceAll('\0', ' ').trimEnd());
      return (token === undefined || label === token) && (serial === undefined || number === serial);
    });
    const [slot] = found;
    if (slot === undefined) throw new TokenFailure('token-missing');
    if (found.length > 1) throw new TokenFailure('token-ambiguous');
    return slot;
  }

  private open(slot: Handle, pin: string): void {
    const session = this.library.C_OpenSession(slot, this.binding.CKF_SERIAL_SESSION);
    this.all.push(session);
    // Who is logged in is so in all sessions of a process.
    if (this.all.length === 1) this.logIn(session, pin);
  }

  private logIn(session: Handle, pin: string): void {
    try {
      this.library.C_Login(session, this.binding.CKU_USER, pin);
    } catch (cause) {
      const said = saidBy(cause);
      if (said !== undefined && NOT_OF_PIN.test(said)) throw cause;
      throw new TokenFailure('pin-refused', said);
    }
  }

  private session(): Handle {
    const [session] = this.all;
    if (session === undefined) throw new TokenFailure('token-failed');
    return session;
  }

  private async signIn(session: Handle, task: SignTask): Promise<void> {
    try {
      const mechanism = task.alg === 'EdDSA' ? CKM_EDDSA : this.binding.CKM_ECDSA;
      this.library.C_SignInit(session, { mechanism }, this.privateKey(task.key));
      const signature = await this.library.C_SignAsync(session, Buffer.from(task.data), Buffer.alloc(128));
      tell({ kind: 'signed', n: task.n, signature });
    } catch (cause) {
      this.keys.delete(nameOf(task.key));
      tell({ kind: 'failed', n: task.n, ...failureOf(cause) });
    }
    const next = this.waiting.shift();
    if (next === undefined) this.free.push(session);
    else void this.signIn(session, next);
  }

  private privateKey(key: KeyName): Handle {
    const known = this.keys.get(nameOf(key));
    if (known !== undefined) return known;
    const found = this.find(this.binding.CKO_PRIVATE_KEY, key);
    this.keys.set(nameOf(key), found);
    return found;
  }

  private find(kind: number, { object, id }: KeyName): Handle {
    const { CKA_CLASS, CKA_ID, CKA_LABEL } = this.binding;
    // One of its own: the others may be in the middle of a signature.
    const { slotID } = this.library.C_GetSessionInfo(this.session());
    const session = this.library.C_OpenSession(slotID, this.binding.CKF_SERIAL_SESSION);
    try {
      this.library.C_FindObjectsInit(session, [
        { type: CKA_CLASS, value: kind },
        ...(object === undefined ? [] : [{ type: CKA_LABEL, value: object }]),
        ...(id === undefined ? [] : [{ type: CKA_ID, value: Buffer.from(id, 'hex') }]),
      ]);
      const found = this.library.C_FindObjects(session, 2);
      this.library.C_FindObjectsFinal(session);
      const [handle] = found;
      if (handle === undefined) throw new TokenFailure('key-missing');
      if (found.length > 1) throw new TokenFailure('key-ambiguous');
      return handle;
    } finally {
      this.library.C_CloseSession(session);
    }
  }
}

function load(): Binding {
  try {
    return createRequire(import.meta.url)('pkcs11js') as Binding;
  } catch {
    // An optional library: not there where npm could not build it.
    throw new TokenFailure('binding-missing');
  }
}

/** The PIN is here and nowhere else: not in settings, not in the environment, not in a message. */
function readPin(file: string | undefined): string {
  if (file === undefined || file === '') throw new TokenFailure('pin-missing');
  let pin: string;
  try {
    if ((statSync(file).mode & OTHERS) !== 0) throw new TokenFailure('pin-file-mode');
    pin = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof TokenFailure) throw cause;
    throw new TokenFailure('pin-missing');
  }
  if (pin === '') throw new TokenFailure('pin-missing');
  return pin;
}

function nameOf({ object, id }: KeyName): string {
  return JSON.stringify([object, id]);
}

/** Of an error of the library its code alone: what else it says is nobody's business. */
function saidBy(cause: unknown): string | undefined {
  return cause instanceof Error ? /\bCKR_[A-Z0-9_]+\b/.exec(cause.message)?.[0] : undefined;
}

function failureOf(cause: unknown): { reason: TokenReason; said?: string } {
  const said = cause instanceof TokenFailure ? cause.said : saidBy(cause);
  const isOfKey = said !== undefined && OF_KEY.test(said);
  const reason = cause instanceof TokenFailure ? cause.reason : isOfKey ? 'key-unusable' : 'token-failed';
  return said === undefined ? { reason } : { reason, said };
}

function tell(message: FromToken): void {
  process.send?.(message);
}

let token: Token | undefined;

function obey(message: ToToken): void {
  if (message.kind === 'open') {
    token = new Token(message.plan);
    tell({ kind: 'opened' });
  } else if (message.kind === 'sign') for (const task of message.tasks) token?.sign(task);
  else if (token !== undefined) {
    const { n } = message;
    try {
      tell({ kind: 'public', n, ...token.publicKey(message.key) });
    } catch (cause) {
      tell({ kind: 'failed', n, ...failureOf(cause) });
    }
  }
}

/** At once: an orderly exit waits for threads that hang in the library. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function serve(): Promise<void> {
  // Its parent says when it ends: a signal to both must not take the key away from what the parent still finishes.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('disconnect', end);
  // It has to run before the library is loaded: one that hangs in that lets no thread begin.
  const watch = new Worker(new URL(import.meta.url), { workerData: Number(process.argv[2]) });
  await once(watch, 'message');
  watch.unref();
  process.on('message', (message: ToToken) => {
    try {
      obey(message);
    } catch (cause) {
      process.send?.({ kind: 'failed', ...failureOf(cause) } satisfies FromToken, () => process.exit(1));
    }
  });
}

/** The main thread may hang in the library and never hear that its parent is gone. */
function watchParent(parent: unknown): void {
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_MS);
  parentPort?.postMessage('runs');
}

if (isMainThread) await serve();
else watchParent(workerData);
