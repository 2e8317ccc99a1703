import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';

/** Of a body as it was packed, and of what it unpacks to. */
const MAX_BYTES = 16 * 1024 * 1024;

const unpackers: Readonly<
  Record<string, (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** The JSON of an answer, also where the agency packed it; undefined if it is none. */
export async function documentIn({
  headers,
  body,
}: {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Buffer;
}): Promise<unknown> {
  const codings = headers
    .filter(({ name }) => name.toLowerCase() === 'content-encoding')
    .flatMap(({ value }) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  try {
    let plain = body;
    for (const coding of codings.reverse()) {
      const unpack = Object.hasOwn(unpackers, coding) ? unpackers[coding] : undefined;
      if (unpack === undefined) return undefined;
      plain = await unpack(plain, { maxOutputLength: MAX_BYTES });
    }
    // As whoever reads it does: without a byte order mark.
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  } catch {
    // Whatever the agency wrote, it is no JSON that its consumer could read either.
    return undefined;
  }
}
