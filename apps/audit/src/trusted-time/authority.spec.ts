import { parseAuthorities } from './authority.js';

describe('parseAuthorities', () => {
  it('reads name=URL in order', () => {
    const parsed = parseAuthorities(['one=http://127.0.0.1:8203/', 'two.example=https://time.example/tsa?a=b']);
    expect(parsed).toMatchObject({ ok: true, value: [{ name: 'one' }, { name: 'two.example' }] });
    expect(parsed.ok && parsed.value[1]?.url.href).toBe('https://time.example/tsa?a=b');
  });

  it.each([
    ['one'],
    ['=http://x/'],
    ['one=nowhere'],
    ['one=ftp://x/'],
    ['a b=http://x/'],
    ['a=http://x/', 'a=http://y/'],
  ])('refuses %j', (...entries) => expect(parseAuthorities(entries).ok).toBe(false));
});
