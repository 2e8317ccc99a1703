import fastify, { type FastifyInstance } from 'fastify';
import { onWire, SECURITY_HEADERS } from '#platform';
import type { Provider } from 'oidc-provider';
import { clientOf, LEVELS } from './client.js';
import { person } from './person.js';
import { PAGE_HEADERS, problemPage, signInPage } from './sign-in-page.js';

const MAX_FORM_BYTES = 4 * 1024;

interface SignIn {
  readonly Params: { readonly uid: string };
  readonly Body: unknown;
}

/** The provider behind a server of its own, and the page on which a person says who they are. It logs nothing. */
export function createIdentityProviderServer(
  provider: Provider,
  mandates: (app: FastifyInstance) => void,
): FastifyInstance {
  const app = fastify({ ...onWire(), logger: false, bodyLimit: MAX_FORM_BYTES, forceCloseConnections: true });
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(SECURITY_HEADERS);
    done();
  });
  app.get('/live', () => ({ status: 'ok' }));
  mandates(app);
  app.register((pages, _options, done) => {
    signInRoutes(pages, provider);
    done();
  });
  app.register((rest, _options, done) => {
    // The provider reads bodies by itself.
    rest.removeAllContentTypeParsers();
    rest.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    const handle = provider.callback();
    rest.all('/*', (request, reply) => {
      reply.hijack();
      // It answers its own errors.
      void handle(request.raw, reply.raw);
    });
    done();
  });
  return app;
}

function signInRoutes(pages: FastifyInstance, provider: Provider): void {
  pages.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, parsed) =>
    parsed(null, new URLSearchParams(body.toString())),
  );
  pages.setErrorHandler((_error, _request, reply) =>
    reply.code(400).headers(PAGE_HEADERS).send(problemPage('This sign-in is not known, or took too long.')),
  );
  pages.get<SignIn>('/interaction/:uid', async (request, reply) => {
    const { client, uid } = await interactionOf(provider, request.raw, reply.raw);
    return reply.headers(PAGE_HEADERS).send(signInPage(`/interaction/${uid}`, client));
  });
  pages.post<SignIn>('/interaction/:uid', async (request, reply) => {
    const { client, uid } = await interactionOf(provider, request.raw, reply.raw);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const found = person((form.get('person') ?? '').trim().toUpperCase());
    const level = LEVELS.find((known) => known === form.get('level')) ?? 'high';
    if (found?.kind !== client.people) {
      const problem = `That is no ${client.people} of the sandbox.`;
      return reply
        .code(422)
        .headers(PAGE_HEADERS)
        .send(signInPage(`/interaction/${uid}`, client, problem));
    }
    const login = { accountId: found.code, acr: level, amr: ['user'], remember: false };
    reply.hijack();
    await provider.interactionFinished(request.raw, reply.raw, { login }, { mergeWithLastSubmission: false });
    return reply;
  });
}

/** The sign-in under way, by its cookie; rejects where there is none. */
async function interactionOf(provider: Provider, ...exchange: Parameters<Provider['interactionDetails']>) {
  const { uid, params } = await provider.interactionDetails(...exchange);
  const client = clientOf(params['client_id']);
  if (client === undefined) throw new RangeError('a client that is not one of ours');
  return { uid, client };
}
