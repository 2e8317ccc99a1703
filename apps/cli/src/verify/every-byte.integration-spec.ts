import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildEvidence, bytesOf, trustOf } from '../../../../test/conformance/evidence-sample.js';
import { verifyEvidence } from './index.js';

jest.setTimeout(120_000);

/** Must-show 2 of the first exchange: no byte of the file is without meaning. */
const trust = trustOf();
const accepts = (evidence: Uint8Array): boolean => verifyEvidence(evidence, trust).ok;

/** What stands around the places whose change was not noticed. */
function unnoticed(evidence: Buffer, change: number): string[] {
  const survivors: string[] = [];
  for (let place = 0; place < evidence.length; place += 1) {
    const altered = Buffer.from(evidence);
    altered[place] = (evidence[place] ?? 0) ^ change;
    if (accepts(altered)) survivors.push(`${place}: ${evidence.subarray(place - 20, place + 20).toString()}`);
  }
  return survivors;
}

describe('evidence of an answered exchange whose manifest was renewed half-way', () => {
  let evidence: Buffer;
  beforeAll(async () => void (evidence = bytesOf(await buildEvidence({ renewed: true }))));

  it('is accepted as it is', () => {
    expect(accepts(evidence)).toBe(true);
  });

  it.each([
    ['its neighbour', 0x01],
    ['the other case', 0x20],
    ['what is not ASCII', 0x80],
  ])('is refused after any single byte becomes %s', (_what, change) => {
    expect(unnoticed(evidence, change)).toEqual([]);
  });

  it('is refused after a byte is taken away or put in', () => {
    const survivors: number[] = [];
    for (let place = 0; place < evidence.length; place += 5) {
      const without = Buffer.concat([evidence.subarray(0, place), evidence.subarray(place + 1)]);
      const withSpace = Buffer.concat([evidence.subarray(0, place), Buffer.from(' '), evidence.subarray(place)]);
      if (accepts(without) || accepts(withSpace)) survivors.push(place);
    }
    expect(survivors).toEqual([]);
  });

  it('is refused when cut short or continued', () => {
    for (let length = 0; length < evidence.length; length += 7)
      expect(accepts(evidence.subarray(0, length))).toBe(false);
    for (const more of ['\n', '{}', '\0', evidence])
      expect(accepts(Buffer.concat([evidence, Buffer.from(more)]))).toBe(false);
  });
});

describe('evidence of an exchange that audit ended', () => {
  it('is refused after any single byte becomes its neighbour', async () => {
    const evidence = bytesOf(await buildEvidence({ outcome: 'swept' }));
    expect(accepts(evidence)).toBe(true);
    expect(unnoticed(evidence, 0x01)).toEqual([]);
  });
});
