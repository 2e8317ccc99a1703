/** Entry bundles of C2SP tlog-tiles: each leaf as `uint16 big-endian length ‖ bytes` (`audit-log.md` §2.3). */

export const MAX_ENTRY_BYTES = 65_535;

/** The caller keeps entries below `MAX_ENTRY_BYTES`; a statement is at most 8 KiB. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
  }
  return Buffer.concat(parts);
}

/** Exactly `width` entries and not a byte more, or undefined: surplus bytes would be leaves that no root covers. */
export function decodeBundle(bundle: Uint8Array, width: number): Buffer[] | undefined {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < width) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) return undefined;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return at === bytes.length ? entries : undefined;
}
