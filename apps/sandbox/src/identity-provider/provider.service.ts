import { randomBytes } from 'node:crypto';
import { Provider, interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { PrivateJwk, PublicJwk } from '#signing';
import { CLIENTS, clientOf, REDIRECT_URIS } from './client.js';
import { person } from './person.js';
import { PAGE_HEADERS, problemPage } from './sign-in-page.js';

/** What tokens are for, if the client does not say: to be shown to the bus. */
const BUS = 'urn:kerege:bus';
/** A token lives as long as a page is looked at; the bus takes none that lives longer. */
const TOKEN_S = 600;
const INTERACTION_S = 600;
const SESSION_S = 3_600;

export interface ProviderKeys {
  readonly own: PrivateJwk;
  /** Public signing keys of a client's subsystem. */
  readonly ofClient: (subsystem: string) => readonly (PublicJwk & { readonly kid: string })[];
}

/**
 * An OpenID Connect provider as a country has one, but for passwords: authorization code with PKCE, clients that prove
 * who they are with their subsystem's own key. The access token is a JWT (RFC 9068) whose audience is the client, so it
 * is good for what `Kerege-End-User` wants. What it keeps lies in memory and is bounded; a restart signs everybody out.
 */
export function oidcProvider(issuer: string, keys: ProviderKeys): Provider {
  return new Provider(issuer, {
    clients: CLIENTS.map(({ subsystem, name, isPublic }) => ({
      client_id: subsystem,
      client_name: name,
      // Native, for the port of the redirect to be free.
      application_type: 'native',
      redirect_uris: [...REDIRECT_URIS],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'EdDSA',
      ...(isPublic === true ? { token_endpoint_auth_method: 'none' } : provenBy(keys.ofClient(subsystem))),
    })),
    jwks: { keys: [{ ...keys.own, alg: 'EdDSA' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    enabledJWA: { idTokenSigningAlgValues: ['EdDSA'], clientAuthSigningAlgValues: ['EdDSA'] },
    clientAuthMethods: ['private_key_jwt', 'none'],
    scopes: ['openid'],
    claims: { openid: ['sub'], acr: null, amr: null },
    pkce: { required: () => true },
    ttl: {
      AccessToken: TOKEN_S,
      IdToken: TOKEN_S,
      AuthorizationCode: 60,
      Interaction: INTERACTION_S,
      Session: SESSION_S,
      Grant: SESSION_S,
    },
    features: features(),
    interactions: { policy: policy(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, code) => {
      const found = person(code);
      return found === undefined ? undefined : { accountId: code, claims: () => ({ sub: code }) };
    },
    loadExistingGrant,
    extraTokenClaims,
    renderError: (ctx, { error_description: description, error }) => {
      ctx.set(PAGE_HEADERS);
      ctx.body = problemPage(description ?? error);
    },
  });
}

function provenBy(keys: ReturnType<ProviderKeys['ofClient']>) {
  return {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'EdDSA',
    jwks: { keys: keys.map(({ kid, kty, crv, x }) => ({ kid, kty, crv, x, use: 'sig' })) },
  } as const;
}

function features(): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => BUS,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, _resource, client) => ({
        scope: '',
        audience: client.clientId,
        accessTokenFormat: 'jwt',
        accessTokenTTL: TOKEN_S,
        jwt: { sign: { alg: 'EdDSA' } },
      }),
    },
  };
}

/** Nobody is asked for consent; who is signed in as another kind of person than the client wants is asked again. */
function policy() {
  const prompts = interactionPolicy.base();
  prompts.remove('consent');
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('other_people', 'this client is for others', (ctx) => {
      const { session, client } = ctx.oidc;
      const signedIn = session?.accountId === undefined ? undefined : person(session.accountId);
      return signedIn !== undefined && signedIn.kind !== clientOf(client?.clientId)?.people;
    }),
  );
  return prompts;
}

async function loadExistingGrant({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
}

/** What the bus wants to know beside who it is: of what kind, for whom else, how surely. */
function extraTokenClaims({ oidc }: KoaContextWithOIDC, token: object) {
  const found = 'accountId' in token && typeof token.accountId === 'string' ? person(token.accountId) : undefined;
  if (found === undefined) return undefined;
  const { acr, amr } = oidc.entities.AuthorizationCode ?? {};
  const { kind, represents } = found;
  return { kind, acr, amr, ...(represents.length === 0 ? {} : { represents }) };
}
