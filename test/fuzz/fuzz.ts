import fc, { type Arbitrary } from 'fast-check';

/** A short run, as every run of the checks has it: long enough for what is easily found. */
const SHORT_MS = 3_000;
/** Far beyond what any input may take, also on a busy machine; what is quadratic or worse in kilobytes is beyond it. */
const SLOWEST_MS = 5_000;

interface FuzzOptions {
  /** Part of the time of a short run that this takes. */
  readonly share?: number;
}

/**
 * Tries made inputs until the time is over. `npm run fuzz -- --minutes N --seed S` sets how long and from which seed; what
 * was tried is printed, and a failure names the seed and the path by which it is found again.
 */
export async function fuzz<Input>(
  name: string,
  inputs: Arbitrary<Input>,
  check: (input: Input) => Promise<void> | void,
  { share = 1 }: FuzzOptions = {},
): Promise<void> {
  const seed = Number(process.env['KEREGE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  const path = process.env['KEREGE_FUZZ_PATH'];
  const minutes = Number(process.env['KEREGE_FUZZ_MINUTES'] ?? 0);
  const budgetMs = minutes > 0 ? minutes * 60_000 : SHORT_MS * share;
  let tried = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    const from = performance.now();
    await check(input);
    tried += 1;
    const tookMs = performance.now() - from;
    if (tookMs > SLOWEST_MS) throw new RangeError(`one input took ${Math.round(tookMs)} ms`);
  });
  process.stdout.write(`fuzz ${name}: seed ${seed}, ${budgetMs} ms\n`);
  await fc.assert(property, {
    seed,
    ...(path === undefined ? {} : { path }),
    numRuns: 100_000_000,
    interruptAfterTimeLimit: budgetMs,
    markInterruptAsFailure: false,
    endOnFailure: minutes > 0,
  });
  process.stdout.write(`fuzz ${name}: ${tried} inputs\n`);
  if (tried === 0 && path === undefined) throw new RangeError('no input was tried: the property proves nothing');
}

/** Stands in inputs where personal data and secrets would; no answer, log line or error may hold it. */
export const PLANTED = 'PLANTED7731';

interface Edit {
  readonly kind: 'flip' | 'insert' | 'delete' | 'double' | 'cut' | 'splice';
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const edit: Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete', 'double', 'cut', 'splice'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2_000 })),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

/** Sound bytes with a few places spoilt, and now and then bytes out of nothing. */
export function mutated(samples: readonly Uint8Array[]): Arbitrary<Buffer> {
  const spoilt = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([sample, edits]) => edits.reduce(apply, Buffer.from(sample)));
  return fc.oneof(
    { weight: 9, arbitrary: spoilt },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** The same for text; `words` are put where they may mean something. */
export function mutatedText(samples: readonly string[], words: readonly string[] = []): Arbitrary<string> {
  const wordEdit = fc.tuple(fc.constantFrom('', ...words), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(20));
  const worded = fc
    .tuple(fc.constantFrom(...samples), fc.array(wordEdit, { minLength: 1, maxLength: 4 }))
    .map(([sample, edits]) => edits.reduce(putWord, sample));
  const bytes = mutated(samples.map((sample) => Buffer.from(sample))).map((spoilt) => spoilt.toString('utf8'));
  return fc.oneof(worded, bytes);
}

function putWord(text: string, [word, at, dropped]: [string, number, number]): string {
  const index = Math.floor(at * text.length);
  return text.slice(0, index) + word + text.slice(index + dropped);
}

function apply(bytes: Buffer, { kind, at, length, bytes: more }: Edit): Buffer {
  const index = Math.floor(at * bytes.length);
  const end = Math.min(bytes.length, index + length);
  const [head, middle, tail] = [bytes.subarray(0, index), bytes.subarray(index, end), bytes.subarray(end)];
  if (kind === 'cut') return head;
  if (kind === 'delete') return Buffer.concat([head, tail]);
  if (kind === 'double') return Buffer.concat([head, middle, middle, tail]);
  if (kind === 'insert') return Buffer.concat([head, more, middle, tail]);
  if (kind === 'splice') return Buffer.concat([head, more, tail]);
  const flipped = Buffer.from(bytes);
  if (index < flipped.length) flipped[index] = (flipped[index] ?? 0) ^ (more[0] ?? 1);
  return flipped;
}
