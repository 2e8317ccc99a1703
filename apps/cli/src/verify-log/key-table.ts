/**
 * A set of 128-bit keys, each with a number, in flat arrays: 16 or 24 bytes a place, 0.35–0.7 of the places in use. A map
 * of JavaScript's would take ten times as much, and a log has millions of slots.
 */
export class KeyTable {
  private keys: Uint32Array;
  private values: Float64Array;
  private used = 0;

  constructor(
    private readonly hasValues: boolean,
    private places = 1024,
  ) {
    this.keys = new Uint32Array(places * WORDS);
    this.values = new Float64Array(hasValues ? places : 0);
  }

  static restore(hasValues: boolean, bytes: Buffer): KeyTable | undefined {
    const width = hasValues ? 24 : 16;
    const places = bytes.length / width;
    if (places < 1024 || !Number.isInteger(Math.log2(places))) return undefined;
    const table = new KeyTable(hasValues, places);
    const copy = Uint8Array.from(bytes);
    table.keys = new Uint32Array(copy.buffer, 0, places * WORDS);
    if (hasValues) table.values = new Float64Array(copy.buffer, places * 16, places);
    for (let place = 0; place < places; place += 1) if (!table.isFree(place)) table.used += 1;
    return table;
  }

  copy(): KeyTable {
    const copy = new KeyTable(this.hasValues);
    copy.places = this.places;
    copy.keys = this.keys.slice();
    copy.values = this.values.slice();
    copy.used = this.used;
    return copy;
  }

  dump(): Buffer {
    return Buffer.concat([bytesOf(this.keys), bytesOf(this.values)]);
  }

  get size(): number {
    return this.used;
  }

  get bytes(): number {
    return this.keys.byteLength + this.values.byteLength;
  }

  /** False if the key was there already; then its value stays. */
  add(key: Buffer, value = 0): boolean {
    if (this.used >= this.places * MAX_LOAD) this.grow();
    const words = wordsOf(key);
    const place = this.placeOf(words);
    if (!this.isFree(place)) return false;
    this.put(place, words, value);
    return true;
  }

  has(key: Buffer): boolean {
    return !this.isFree(this.placeOf(wordsOf(key)));
  }

  get(key: Buffer): number | undefined {
    const place = this.placeOf(wordsOf(key));
    return this.isFree(place) ? undefined : this.values[place];
  }

  set(key: Buffer, value: number): void {
    if (this.add(key, value)) return;
    this.values[this.placeOf(wordsOf(key))] = value;
  }

  *allValues(): Generator<number> {
    for (let place = 0; place < this.places; place += 1) if (!this.isFree(place)) yield this.values[place] ?? 0;
  }

  private put(place: number, words: Words, value: number): void {
    this.keys.set(words, place * WORDS);
    if (this.hasValues) this.values[place] = value;
    this.used += 1;
  }

  /** Where the key is, or where it would be put. */
  private placeOf(words: Words): number {
    for (let place = words[0] & (this.places - 1); ; place = (place + 1) & (this.places - 1))
      if (this.isFree(place) || this.holds(place, words)) return place;
  }

  private holds(place: number, words: Words): boolean {
    const at = place * WORDS;
    return words.every((word, n) => this.keys[at + n] === word);
  }

  private isFree(place: number): boolean {
    // The last word of a key is never 0.
    return this.keys[place * WORDS + WORDS - 1] === 0;
  }

  private grow(): void {
    const larger = new KeyTable(this.hasValues, this.places * 2);
    for (let place = 0; place < this.places; place += 1) {
      if (this.isFree(place)) continue;
      const at = place * WORDS;
      const words = [...this.keys.subarray(at, at + WORDS)] as unknown as Words;
      larger.put(larger.placeOf(words), words, this.values[place] ?? 0);
    }
    this.places = larger.places;
    this.keys = larger.keys;
    this.values = larger.values;
  }
}

type Words = readonly [number, number, number, number];
const WORDS = 4;
const MAX_LOAD = 0.7;

/** Of a hash's first 16 bytes. */
function wordsOf(key: Buffer): Words {
  return [key.readUInt32LE(0), key.readUInt32LE(4), key.readUInt32LE(8), key.readUInt32LE(12) || 1];
}

function bytesOf(array: Uint32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
