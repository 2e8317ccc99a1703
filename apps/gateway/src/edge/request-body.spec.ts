import { PassThrough } from 'node:stream';
import { readBody } from './request-body.js';

describe('readBody', () => {
  it('takes exactly the limit', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined, 4);
    stream.write('ab');
    stream.end('cd');
    await expect(read).resolves.toEqual({ ok: true, value: Buffer.from('abcd') });
  });

  it('refuses one byte more, after the sender has ended', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, 5, 4);
    stream.end('abcde');
    await expect(read).resolves.toEqual({ ok: false, reason: 'body-too-large' });
  });

  it('refuses a sender that never ends', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined, 4);
    stream.write('abcde');
    await expect(read).resolves.toEqual({ ok: false, reason: 'body-too-large' });
    expect(stream.isPaused()).toBe(true);
  });

  it('reads nothing of what is declared far too large', async () => {
    const stream = new PassThrough();
    await expect(readBody(stream, 1e9, 4)).resolves.toEqual({ ok: false, reason: 'body-too-large' });
    expect(stream.listenerCount('data')).toBe(0);
  });

  it('knows a body that never became whole', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, 10, 40);
    stream.write('abc');
    stream.destroy();
    await expect(read).resolves.toEqual({ ok: false, reason: 'http-malformed' });
  });
});
