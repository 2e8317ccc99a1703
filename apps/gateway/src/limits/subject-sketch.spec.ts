import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SubjectSketch } from './subject-sketch.js';
import { SubjectWindow } from './subject-window.js';

const hash = (text: string) => createHash('sha256').update(text).digest();
const MINUTE_MS = 60_000;

describe('SubjectSketch', () => {
  it.each([0, 1, 10, 100, 1_000, 5_000, 20_000, 100_000])('knows %d within some per cent', (count) => {
    const sketch = new SubjectSketch();
    for (let one = 0; one < count; one += 1) sketch.add(hash(`a${one}`));
    const tolerance = Math.max(1, count * 0.07);
    expect(Math.abs(SubjectSketch.estimate([sketch]) - count)).toBeLessThanOrEqual(tolerance);
  });

  it('counts what two have seen once', () => {
    const [one, other] = [new SubjectSketch(), new SubjectSketch()];
    for (let index = 0; index < 300; index += 1) {
      one.add(hash(`a${index}`));
      other.add(hash(`a${index + 200}`));
    }
    expect(Math.abs(SubjectSketch.estimate([one, other]) - 500)).toBeLessThan(25);
  });

  it('reads hashes that begin with many zeros', () => {
    const sketch = new SubjectSketch();
    expect(sketch.add(Buffer.alloc(8))).toBe(true);
    expect(sketch.add(Buffer.from('0000000000000001', 'hex'))).toBe(false);
    expect(Math.round(SubjectSketch.estimate([sketch]))).toBe(1);
  });
});

describe('SubjectWindow', () => {
  it('forgets after an hour, in steps', () => {
    const window = new SubjectWindow();
    for (let one = 0; one < 10; one += 1) window.add(hash(`early${one}`), 0);
    for (let one = 0; one < 10; one += 1) window.add(hash(`late${one}`), 30 * MINUTE_MS);
    expect(window.size(59 * MINUTE_MS)).toBe(20);
    expect(window.size(60 * MINUTE_MS)).toBe(10);
    expect(window.size(90 * MINUTE_MS)).toBe(0);
  });

  it('keeps nothing of a future that a clock has taken back', () => {
    const window = new SubjectWindow();
    window.add(hash('a'), 500 * MINUTE_MS);
    expect(window.size(0)).toBe(0);
  });
});
