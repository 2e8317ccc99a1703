/**
 * The entries of a bundle, each `uint16 big-endian length ‖ bytes`: exactly `width` of them and not a byte more, or
 * undefined. Surplus bytes would be leaves that no root covers.
 */
export function splitEntries(bundle: Buffer, width: number): Buffer[] | undefined {
  const entries: Buffer[] = [];
  let at = 0;
  for (let left = width; left > 0; left -= 1) {
    if (at + 2 > bundle.length) return undefined;
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) return undefined;
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return at === bundle.length ? entries : undefined;
}
