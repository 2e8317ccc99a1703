/** Bounds of an HTTP server on what clients send, by count, size and time; `docs/security.md`, "Edge". */
export interface WireLimits {
  readonly httpMaxHeaders: number;
  readonly httpMaxUrlBytes: number;
  readonly httpHeadersTimeoutMs: number;
  readonly httpRequestTimeoutMs: number;
  readonly httpBodyIdleMs: number;
  readonly httpKeepAliveMs: number;
  readonly httpMaxConnections: number;
}

/** What holds where nothing is set. */
export const WIRE_DEFAULTS: WireLimits = {
  httpMaxHeaders: 100,
  httpMaxUrlBytes: 8_192,
  httpHeadersTimeoutMs: 10_000,
  httpRequestTimeoutMs: 30_000,
  httpBodyIdleMs: 10_000,
  httpKeepAliveMs: 15_000,
  httpMaxConnections: 10_000,
};
