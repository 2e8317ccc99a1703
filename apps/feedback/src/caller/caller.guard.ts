import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerAuth, type Caller } from './caller-auth.service.js';
import { callerErrors } from './caller.errors.js';

/** Written by the guard, read by the handlers behind it; nobody else can put a caller here. */
const ASSERTION = 'kerege-end-user';

const callers = new WeakMap<FastifyRequest, Caller>();

@Injectable()
export class CallerGuard implements CanActivate {
  constructor(@Inject(CallerAuth) private readonly auth: CallerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    try {
      callers.set(request, await this.auth.authenticate(request.headers.authorization, only(request, ASSERTION)));
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}

/** For what a connector calls in the name of a portal. */
@Injectable()
export class OverBusGuard implements CanActivate {
  constructor(@Inject(CallerAuth) private readonly auth: CallerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { authorization } = request.headers;
    const [client, assertion] = [only(request, 'x-road-client'), only(request, ASSERTION)];
    callers.set(request, await this.auth.authenticateOverBus({ authorization, client, assertion }));
    return true;
  }
}

/** Several of them would leave it open who asks. */
function only({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Handler parameter: the caller that `CallerGuard` found. */
export const AuthenticatedCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (caller === undefined) throw callerErrors.error('caller-token-missing');
  return caller;
});
