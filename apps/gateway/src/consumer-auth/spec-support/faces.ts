import { expect } from '@jest/globals';

/** A refused or answered call, whoever made it. */
export interface FaceAnswer {
  readonly status: number;
  readonly xRoadError: string | undefined;
  readonly code: string | undefined;
}

export const NATIVE = 'application/problem+json';
export const XROAD = 'application/json';

/** One call on each face of `/r1`, by its `Accept`. */
export async function onBothFaces(ask: (accept: string) => Promise<FaceAnswer>): Promise<readonly FaceAnswer[]> {
  return [await ask(NATIVE), await ask(XROAD)];
}

/** What a caller sees on both faces who was let in, or was not and why. */
export function seen(code: string | undefined): unknown {
  if (code === undefined) {
    const answered = { status: 200, xRoadError: undefined };
    return [expect.objectContaining(answered), expect.objectContaining(answered)];
  }
  return [
    { status: 401, xRoadError: undefined, code },
    { status: 500, xRoadError: 'server.clientproxy.ssl_authentication_failed', code: undefined },
  ];
}

/** `code` of a problem document. */
export function codeIn(body: string): string | undefined {
  const said: unknown = JSON.parse(body);
  return typeof said === 'object' && said !== null && 'code' in said ? String(said.code) : undefined;
}
