import pg, { type ClientBase } from 'pg';
import { CopiedRows } from './copied-rows.js';

const FIRST_BYTES = 256 * 1024;

/** A `SELECT` whose only values are whole numbers: `COPY` takes no parameters. Use as a template's tag. */
export type CopyQuery = (select: TemplateStringsArray, ...numbers: readonly number[]) => Promise<CopiedRows>;

/** The text of a `COPY` of that `SELECT`. Whatever else than whole numbers comes is a fault of ours, and thrown. */
export function copyText(select: readonly string[], numbers: readonly number[]): string {
  if (!numbers.every((number) => Number.isSafeInteger(number)))
    throw new TypeError('nothing but whole numbers goes into the text of a statement');
  return `COPY (${String.raw({ raw: select }, ...numbers)}) TO STDOUT (FORMAT binary)`;
}

/** Rejects as the driver does. */
export function copyOut(client: ClientBase, text: string): Promise<CopiedRows> {
  return new Promise((resolve, reject) => {
    const copy = new CopyOut(text, (error) => {
      if (!error) resolve(new CopiedRows(copy.taken()));
      else reject(error);
    });
    client.query(copy);
  });
}

/** The driver throws away what a `COPY` sends, unless the query takes it. */
class CopyOut extends pg.Query {
  private bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private length = 0;

  taken(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Called by the driver, which uses the memory of a chunk again: it is copied at once. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const end = this.length + chunk.length;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, end));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    chunk.copy(this.bytes, this.length);
    this.length = end;
  }
}
