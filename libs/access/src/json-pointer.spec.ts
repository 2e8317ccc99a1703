import { describe, expect, it } from '@jest/globals';
import { hasDuplicateKey, jsonAt } from './json-pointer.js';

describe('keys named twice', () => {
  it.each([
    ['{"a":1,"a":2}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['[{"a":{"b":1,"b":1}}]', true],
    ['{"a":{"a":1},"b":[{"a":1},{"a":1}]}', false],
    ['{"a":"{\\"b\\":1,\\"b\\":2}"}', false],
  ])('in %s: %s', (text, wanted) => {
    expect(hasDuplicateKey(text)).toBe(wanted);
  });

  it('are looked for in texts of many megabytes, too', () => {
    const long = `${'x'.repeat(9_000_000)}\\n`;
    expect(jsonAt(Buffer.from(`{"pin":"1","file":"${long}"}`), '/pin')).toEqual({ ok: true, value: '1' });
    expect(hasDuplicateKey(`{"a":"${long}","a":1}`)).toBe(true);
  });
});
