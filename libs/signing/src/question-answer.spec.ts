import { describe, expect, it } from '@jest/globals';
import { h1 } from './digest.js';
import { answerBytes, questionAnswerDigest } from './question-answer.js';

describe('the bytes of an answer', () => {
  it('are its RFC 8785 form: in order, with its escapes and no others', () => {
    const answer = { text: 'a"\\\n\u0007é\u2028😀/', code: 'OTHER' };
    expect(answerBytes(answer).toString()).toBe('{"code":"OTHER","text":"a\\"\\\\\\n\\u0007é\u2028😀/"}');
    expect(answerBytes({ code: 'ERROR', text: undefined }).toString()).toBe('{"code":"ERROR"}');
  });

  it('are digested under the salt', () => {
    const salt = Buffer.alloc(32, 7);
    expect(questionAnswerDigest(salt, { code: 'ERROR' })).toBe(h1(salt, Buffer.from('{"code":"ERROR"}')));
  });
});
