import { defineErrors } from '#kernel';
import { createLogger } from './logger.js';

function capture() {
  const lines: string[] = [];
  const logger = createLogger('example', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  return { logger, text: () => lines.join('') };
}

describe('Logger', () => {
  it('writes flat fields with the app and a message', () => {
    const { logger, text } = capture();
    logger.child('part').info({ count: 3, size: 5n }, 'done');
    expect(JSON.parse(text())).toMatchObject({ app: 'example', part: 'part', count: 3, size: '5', msg: 'done' });
  });

  it('drops unsafe names and everything that is an object', () => {
    const { logger, text } = capture();
    const person = { pin: 'TEST000007' };
    logger.info({ url: '/r1/TEST000007', headers: person, body: 'TEST000007', other: person, list: [person] }, 'x');
    expect(text()).not.toContain('TEST000007');
  });

  it("keeps a library's message out, but not ours", () => {
    const { logger, text } = capture();
    const errors = defineErrors('t', { 'some-code': { kind: 'broken', message: 'Ours.', next: 'x' } });
    let cause: unknown;
    try {
      JSON.parse('TEST000007');
    } catch (thrown) {
      cause = thrown;
    }
    logger.error(
      { err: errors.error('some-code', { cause, details: { subject: 'TEST000007', step: 'two' } }) },
      'failed',
    );
    expect(text()).toContain('Ours.');
    expect(text()).toContain('"step":"two"');
    expect(text()).toContain('SyntaxError');
    expect(text()).not.toContain('TEST000007');
  });

  it("keeps a system error's message", () => {
    const { logger, text } = capture();
    logger.error(
      { err: Object.assign(new RangeError('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }) },
      'x',
    );
    expect(text()).toContain('127.0.0.1:1');
  });
});
