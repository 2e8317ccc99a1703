/** 2^11 registers: about 2.3 % off for large numbers, and nearly exact up to some hundreds. */
const INDEX_BITS = 11;
const REGISTERS = 1 << INDEX_BITS;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
const POWERS = Float64Array.from({ length: 64 }, (_, exponent) => 2 ** -exponent);

/**
 * How many different things were seen, without keeping any (HyperLogLog; Flajolet et al. 2007, linear counting for small
 * numbers). Whoever adds must hash with a secret: then the registers say nothing about whether somebody was among them.
 */
export class SubjectSketch {
  private readonly registers = new Uint8Array(REGISTERS);

  /** Eight bytes of a hash at least; whether anything has changed. */
  add(hash: Buffer): boolean {
    const high = hash.readUInt32BE(0);
    const index = high >>> (32 - INDEX_BITS);
    const rest = (high << INDEX_BITS) >>> 0;
    const rank = rest === 0 ? 32 - INDEX_BITS + Math.clz32(hash.readUInt32BE(4)) + 1 : Math.clz32(rest) + 1;
    if ((this.registers[index] ?? 0) >= rank) return false;
    this.registers[index] = rank;
    return true;
  }

  /** Different things in all of these together. */
  static estimate(sketches: readonly SubjectSketch[]): number {
    let sum = 0;
    let zeros = 0;
    for (let index = 0; index < REGISTERS; index += 1) {
      let rank = 0;
      for (const { registers } of sketches) rank = Math.max(rank, registers[index] ?? 0);
      sum += POWERS[rank] ?? 0;
      if (rank === 0) zeros += 1;
    }
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum;
    return raw <= 2.5 * REGISTERS && zeros > 0 ? REGISTERS * Math.log(REGISTERS / zeros) : raw;
  }
}
