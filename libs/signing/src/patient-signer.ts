import { AppError } from '#kernel';
import type { Signer } from './signer.js';
import type { StatementPayload } from './statement-payload.js';
import { signStatement, type Statement } from './statement.js';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 500;

/** Whether a signature was refused because its key is out of reach for now, not because something is wrong with it. */
export function isSignerUnavailable(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'signer-unavailable';
}

/**
 * For work that is done already and has only to be stated: asks again until `untilMs`, in case the token comes back. Then
 * it rejects as the signer itself did last.
 */
export function patientSigner(signer: Signer, untilMs: number, now: () => number): Signer {
  if (signer.trouble === undefined) return signer;
  const sign = async (data: Uint8Array): Promise<Uint8Array> => {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        return await signer.sign(data);
      } catch (cause) {
        if (!isSignerUnavailable(cause) || now() + waitMs > untilMs) throw cause;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
  return { ...signer, sign };
}

/** The signed statement, or undefined while the token that holds the key does not sign. */
export async function signIfAvailable<Payload extends StatementPayload>(
  payload: Payload,
  signer: Signer,
): Promise<Statement<Payload> | undefined> {
  try {
    return await signStatement(payload, signer);
  } catch (cause) {
    if (isSignerUnavailable(cause)) return undefined;
    throw cause;
  }
}

/** Whether a signer would sign, now or by `untilMs`: asked before work that would have to be stated. */
export async function willSign(signer: Signer, untilMs: number, now: () => number): Promise<boolean> {
  while (signer.trouble?.() !== undefined) {
    if (now() + FIRST_WAIT_MS > untilMs) return false;
    await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS));
  }
  return true;
}
