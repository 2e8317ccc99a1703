import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { judgeHead, type WireReason } from './judge-head.js';
import { problemFace, reasonOfCode, refusalBytes, type WireFace } from './wire-refusal.js';
import type { WireLimits } from './wire-limits.js';

export interface WireOptions {
  readonly limits: WireLimits;
  readonly maxHeaderBytes: number;
  readonly tls?: TlsOptions | undefined;
  /** Absent: problem documents. */
  readonly face?: WireFace | undefined;
  /** True: the app judges targets in absolute and asterisk form, and several `Authorization`s, by itself. */
  readonly isLenient?: boolean | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What is known of one connection. */
interface Line {
  /** Answers not given yet, in the order of their requests. */
  readonly open: Set<ServerResponse>;
  /** Something on it was refused: nothing that came behind is carried out. */
  isCondemned: boolean;
}

interface Arrival {
  readonly socket: Socket;
  bytes: number;
  sinceMs: number;
}

/** Answers that one connection may be owed at once. Node carries requests out as they arrive, also thousands in one packet. */
const MOST_PIPELINED = 16;
/** How long a refused client may still read its answer before the connection is cut. */
const LINGER_MS = 1_000;
/** How often clocks are looked at; Node's own default is half a minute, which no time-out below that would survive. */
const MOST_BETWEEN_CHECKS_MS = 1_000;

/**
 * The HTTP server of every app. Whatever two readers could understand differently is refused before any router sees it,
 * and its connection is ended: bytes behind a refused head are never taken for a request. Slow clients are cut by
 * Node's clocks for head and whole request and by our own for bodies that do not advance.
 */
export class WireServer {
  readonly server: Server;
  private readonly lines = new WeakMap<Socket, Line>();
  /** Requests whose body is arriving; bounded by the connections. */
  private readonly arriving = new Map<IncomingMessage, Arrival>();
  private readonly face: WireFace;

  constructor(
    handler: Handler,
    private readonly options: WireOptions,
  ) {
    this.face = options.face ?? problemFace;
    const { limits, tls } = options;
    const carryOut = (request: IncomingMessage, response: ServerResponse) => {
      if (this.admits(request, response)) handler(request, response);
    };
    const http = serverOptions(options);
    this.server = tls === undefined ? createServer(http, carryOut) : createTlsServer({ ...tls, ...http }, carryOut);
    // Node silently drops headers beyond its limit: whoever counts must see one more than is allowed.
    this.server.maxHeadersCount = limits.httpMaxHeaders + 1;
    this.server.maxConnections = limits.httpMaxConnections;
    this.server.timeout = 0;
    this.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      this.invite(request, response),
    );
    this.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      this.refuse(request, response, 'expectation-unknown'),
    );
    this.server.on('connect', (_request: IncomingMessage, socket: Socket) =>
      this.broken({ code: 'HPE_INVALID_METHOD' }, socket),
    );
    const timer = setInterval(() => this.cutStalled(Date.now()), checkEveryMs(limits)).unref();
    this.server.once('close', () => clearInterval(timer));
  }

  /** For `clientError`: what Node could not parse, or waited for in vain. */
  broken(cause: { readonly code?: string | undefined; readonly rawPacket?: unknown }, socket: Socket): void {
    const line = this.lineOf(socket);
    if (line.isCondemned) return;
    line.isCondemned = true;
    if (cause.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [current] = line.open;
    // An answer that has begun, or that an earlier request waits for, must not be mixed with this one.
    if (current !== undefined && (line.open.size > 1 || current.headersSent || current.req.complete)) {
      endAfter(line, socket);
      return;
    }
    const bytes = refusalBytes(this.face(reasonOfCode(cause.code), targetOf(cause.rawPacket, current)));
    // Its client has ended in the middle of a request: nothing of it can be waited for.
    if (cause.code === 'HPE_INVALID_EOF_STATE') return void socket.end(bytes, () => socket.destroy());
    socket.end(bytes);
    linger(socket);
  }

  private admits(request: IncomingMessage, response: ServerResponse): boolean {
    const line = this.lineOf(request.socket);
    // Whatever came behind something refused stays unread; its connection ends with the answers before it.
    if (line.isCondemned) return false;
    if (line.open.size >= MOST_PIPELINED) {
      line.isCondemned = true;
      // What it has sent beyond that is not even read.
      request.socket.pause();
      endAfter(line, request.socket);
      return false;
    }
    line.open.add(response);
    response.once('close', () => line.open.delete(response));
    const reason = judgeHead(request, this.options.limits, this.options.isLenient);
    if (reason !== undefined) {
      this.refuse(request, response, reason);
      return false;
    }
    if (isLast(request)) response.shouldKeepAlive = false;
    this.watch(request);
    return true;
  }

  /** A client that waits to be told that its body is welcome. */
  private invite(request: IncomingMessage, response: ServerResponse): void {
    const isGood = judgeHead(request, this.options.limits, this.options.isLenient) === undefined;
    if (isGood && !this.lineOf(request.socket).isCondemned) response.writeContinue();
    this.server.emit('request', request, response);
  }

  private refuse(request: IncomingMessage, response: ServerResponse, reason: WireReason): void {
    const { socket } = request;
    const line = this.lineOf(socket);
    if (line.isCondemned) return;
    line.isCondemned = true;
    line.open.add(response);
    const { status, headers, body } = this.face(reason, request.url ?? '');
    response.shouldKeepAlive = false;
    response.writeHead(status, [...headers, ['Content-Length', String(Buffer.byteLength(body))]].flat());
    response.end(request.method === 'HEAD' ? undefined : body);
    response.once('close', () => linger(socket));
  }

  private watch(request: IncomingMessage): void {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (coding === undefined && (length === undefined || length === '0')) return;
    this.arriving.set(request, { socket: request.socket, bytes: request.socket.bytesRead, sinceMs: Date.now() });
    const done = () => this.arriving.delete(request);
    request.once('end', done).once('close', done);
  }

  private cutStalled(nowMs: number): void {
    for (const [request, arrival] of this.arriving) {
      const { socket } = arrival;
      // A body that nobody here reads is not late.
      if (request.complete || socket.bytesRead !== arrival.bytes || request.isPaused()) {
        arrival.bytes = socket.bytesRead;
        arrival.sinceMs = nowMs;
      } else if (nowMs - arrival.sinceMs >= this.options.limits.httpBodyIdleMs) {
        this.arriving.delete(request);
        this.broken({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket);
      }
    }
  }

  private lineOf(socket: Socket): Line {
    const known = this.lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { open: new Set(), isCondemned: false };
    this.lines.set(socket, line);
    return line;
  }
}

/**
 * One answer, and the end: a target not in origin form; a client that may not know how to keep connections; one that asks
 * for another protocol, which no app speaks: whether what it sends behind is still HTTP is for each reader to guess.
 */
function isLast({ url = '', httpVersion, headers }: IncomingMessage): boolean {
  return !url.startsWith('/') || httpVersion === '1.0' || headers.upgrade !== undefined;
}

function serverOptions({ limits, maxHeaderBytes }: WireOptions): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: Math.min(limits.httpHeadersTimeoutMs, limits.httpRequestTimeoutMs),
    requestTimeout: limits.httpRequestTimeoutMs,
    keepAliveTimeout: limits.httpKeepAliveMs,
    connectionsCheckingInterval: checkEveryMs(limits),
    insecureHTTPParser: false,
    requireHostHeader: false,
  };
}

/** Often enough that the shortest time-out is overrun by a quarter at most. */
function checkEveryMs({ httpHeadersTimeoutMs, httpRequestTimeoutMs, httpBodyIdleMs }: WireLimits): number {
  const shortest = Math.min(httpHeadersTimeoutMs, httpRequestTimeoutMs, httpBodyIdleMs);
  return Math.max(10, Math.min(MOST_BETWEEN_CHECKS_MS, Math.ceil(shortest / 4)));
}

/** Ends the connection when the answers that it is owed have been given. */
function endAfter(line: Line, socket: Socket): void {
  const close = () => {
    if (line.open.size > 0) return;
    if (socket.writable) socket.end();
    linger(socket);
  };
  for (const response of line.open) response.once('close', close);
  const last = [...line.open].at(-1);
  if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
  close();
}

function linger(socket: Socket): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function targetOf(rawPacket: unknown, current: ServerResponse | undefined): string {
  if (current !== undefined) return current.req.url ?? '';
  if (!Buffer.isBuffer(rawPacket)) return '';
  const line = rawPacket.subarray(0, 2_048).toString('latin1').split(/\r?\n/, 1)[0] ?? '';
  return line.split(' ')[1] ?? '';
}
