import { parseInstanceDefinition } from '#snapshot';
import { generateSigningKey } from '#signing';
import { clientOf, CLIENTS } from './client.js';
import { issuerEntry } from './issuer-entry.js';
import { everybody, person } from './person.js';
import { problemPage, signInPage } from './sign-in-page.js';

describe('the people of the identity provider', () => {
  it('are the 200 citizens and a few officials, and nobody else', () => {
    expect(everybody('citizen').map(({ code }) => code)).toHaveLength(200);
    expect(everybody('official').map(({ code }) => code)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `OFF00000${number}`),
    );
    for (const nobody of ['', 'TEST000201', 'TEST000000', 'OFF000000', 'OFF000010', 'OFF1', 'test000007'])
      expect(person(nobody)).toBeUndefined();
  });

  it('represent citizens who exist', () => {
    expect(person('TEST000007')?.represents).toEqual(['TEST000013']);
    for (const { represents } of everybody('citizen'))
      for (const code of represents) expect(person(code)?.kind).toBe('citizen');
  });
});

describe('the sign-in page', () => {
  it('offers those whom the client lets in, and no others', () => {
    const [portal, fund] = CLIENTS.map((client) => signInPage('/interaction/x', client));
    expect(portal).toContain('TEST000200');
    expect(portal).not.toContain('OFF000001');
    expect(fund).toContain('OFF000005');
    expect(fund).not.toContain('TEST000001');
  });

  it('says what was wrong where a screen reader hears it, and writes nothing as markup', () => {
    const client = clientOf('DEMO/GOV/1000/mygov')!;
    const page = signInPage('/interaction/x', client, '<b>"no"</b>');
    expect(page).toContain('role="alert">&lt;b&gt;&quot;no&quot;&lt;/b&gt;<');
    expect(page).toContain('aria-describedby="hint problem" aria-invalid="true"');
    expect(problemPage('<script>')).not.toContain('<script>');
    expect(clientOf('DEMO/COM/2001/clinic')).toBeUndefined();
  });
});

describe('the issuer’s entry', () => {
  it('is one that a definition takes', () => {
    const entry = issuerEntry('http://127.0.0.1:8150', generateSigningKey());
    const parsed = parseInstanceDefinition(JSON.stringify({ instance: 'DEMO', issuers: [entry] }));
    expect(parsed).toMatchObject({ ok: true, value: { issuers: [{ issuer: 'http://127.0.0.1:8150' }] } });
  });
});
