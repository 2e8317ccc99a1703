import { parseStatement, type Statement } from '#signing';
import { leafHash, openNote, parseTlogProof, parseVkey, verifyInclusion, type NoteKey } from '#tlog';
import type { AccessRow, ProvenStatement } from './access-row.js';

/** Checks one Ed25519 signature by the browser. */
export type Ed25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

export interface Trust {
  /** Keys of the logs as whoever shows the page has pinned them; never taken from the answer that is checked. */
  readonly vkeys: readonly string[];
  readonly ed25519: Ed25519;
}

export function readStatement(jws: string): Statement | undefined {
  const parsed = parseStatement(jws);
  return parsed.ok ? parsed.value : undefined;
}

/** A signed checkpoint of the named log holds this statement, where `leaf` says if it is given. */
export async function standsAt(
  proven: ProvenStatement,
  leaf: AccessRow['leaf'] | undefined,
  trust: Trust,
): Promise<boolean> {
  const proof = parseTlogProof(proven.proof);
  if (!proof.ok) return false;
  const { index, path, checkpoint } = proof.value;
  const signatures: Promise<boolean>[] = [];
  // The note is opened as if all its signatures were good, and believed once the browser has said that they are.
  const keys = trust.vkeys.flatMap((vkey): NoteKey[] => {
    const key = parseVkey(vkey, (...signed) => signatures.push(trust.ed25519(...signed)) > 0);
    return key.ok ? [key.value] : [];
  });
  const opened = openNote(checkpoint, keys);
  if (!opened.ok || !(await Promise.all(signatures)).every(Boolean)) return false;
  const { origin, size, root } = opened.value;
  if (leaf !== undefined && (leaf.log !== origin || leaf.index !== index)) return false;
  return verifyInclusion(leafHash(new TextEncoder().encode(proven.statement)), index, size, path, root);
}

/** Whether the key of the log that a proof names is one of ours: by others nothing is shown, true or false. */
export function isPinned({ proof }: ProvenStatement, { vkeys }: Trust): boolean {
  const parsed = parseTlogProof(proof);
  const origin = parsed.ok ? parsed.value.checkpoint.split('\n')[0] : undefined;
  return vkeys.some((vkey) => vkey.startsWith(`${origin}+`));
}
