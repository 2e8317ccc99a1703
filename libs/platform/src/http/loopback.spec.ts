import { isLoopbackAddress, isLoopbackHost } from './loopback.js';

describe('loopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('knows %s', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example', '', '1127.0.0.1'])('does not trust %j', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });

  it.each([
    ['127.0.0.1:8110', true],
    ['localhost', true],
    ['[::1]:8110', true],
    ['evil.example:8110', false],
    ['127.0.0.1.evil.example', false],
    [undefined, false],
  ])('judges the Host header %j', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected);
  });
});
