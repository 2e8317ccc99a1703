/** Without control characters, also those of the upper half, and without what turns the direction of writing. */
export function harmless(line: string): string {
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
