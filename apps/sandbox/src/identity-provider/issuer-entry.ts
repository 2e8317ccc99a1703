import type { PublicJwk } from '#signing';
import type { Issuer } from '#snapshot';

/** What the sandbox's definition says of its identity provider: where it is, its key, how to read its tokens, whose mandates it gives. */
export function issuerEntry(url: string, { kid, ...jwk }: PublicJwk & { readonly kid: string }): Issuer {
  const { crv, x } = jwk;
  return {
    issuer: url,
    title: {
      en: 'Sign-in of the sandbox',
      az: 'Sınaq mühitinin girişi',
      kk: 'Сынақ ортасының кіруі',
      ky: 'Сыноо чөйрөсүнүн кирүүсү',
      ru: 'Вход песочницы',
    },
    keys: [{ kid, alg: 'EdDSA', kty: 'OKP', crv: crv === 'Ed25519' ? crv : undefined, x }],
    people: [
      {
        kind: 'citizen',
        where: { claim: 'kind', is: 'citizen' },
        subject: { country: 'DEMO', type: 'PIN', claim: 'sub' },
        represents: 'represents',
      },
      {
        kind: 'official',
        where: { claim: 'kind', is: 'official' },
        subject: { country: 'DEMO', type: 'OFFICIAL', claim: 'sub' },
      },
    ],
    mandates: {
      by: [{ country: 'DEMO', type: 'PIN' }],
      for: [{ country: 'DEMO', type: 'PIN' }],
      revoked: [],
    },
    assurance: { claim: 'acr', levels: ['high'] },
  };
}
