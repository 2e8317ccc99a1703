import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubsystemId } from '#kernel';
import { isLoopbackHost, provenCertificateOf } from '#platform';
import { EDGE_ROUTE } from '../edge/raw-target.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { consumerAuthErrors } from './consumer-auth.errors.js';
import { ConsumerAuthenticator } from './consumer-authenticator.js';
import { headerFields } from './header-fields.js';

/** Written by the guard, read by the handlers behind it; nobody else can put a consumer here. */
const consumers = new WeakMap<FastifyRequest, SubsystemId>();

/** First in the order of work (`bus.md` §5): lets nobody in whom the authenticator does not know. */
@Injectable()
export class ConsumerGuard implements CanActivate {
  constructor(@Inject(ConsumerAuthenticator) private readonly authenticator: ConsumerAuthenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const { host, origin } = request.raw.headers;
    // A browser of this machine reaches loopback for any page, by a name of the page's own (DNS rebinding).
    if (this.authenticator.trustsLoopback && (origin !== undefined || !isLoopbackHost(host)))
      throw consumerAuthErrors.error('web-page-refused');
    const consumer = await this.authenticator.authenticate({
      headers: headerFields(request.raw.rawHeaders),
      certificate: provenCertificateOf(request.raw.socket, Date.now()),
      isXRoad: request.routeOptions.url === EDGE_ROUTE,
    });
    if (!consumer.ok) {
      if (consumer.reason === 'registry-expired') throw exchangeErrors.error(consumer.reason);
      // RFC 6750 §3; on `/r1` the edge writes its own answers.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw consumerAuthErrors.error(consumer.reason);
    }
    consumers.set(request, consumer.value);
    return true;
  }
}

/** The consumer of a request, if it passed the guard. */
export function knownConsumerOf(request: FastifyRequest): SubsystemId | undefined {
  return consumers.get(request);
}

/** The authenticated consumer of a request that passed the guard. */
export function consumerOf(request: FastifyRequest): SubsystemId {
  const consumer = knownConsumerOf(request);
  if (consumer === undefined) throw consumerAuthErrors.error('client-missing');
  return consumer;
}

/** Handler parameter: the consumer that `ConsumerGuard` found. */
export const Consumer = createParamDecorator((_: unknown, context: ExecutionContext) =>
  consumerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
