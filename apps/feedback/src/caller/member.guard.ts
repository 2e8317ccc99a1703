import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubsystemId } from '#kernel';
import { CallerAuth } from './caller-auth.service.js';
import { callerErrors } from './caller.errors.js';

/** Written by the guard, read by the handlers behind it; nobody else can put a member here. */
const members = new WeakMap<FastifyRequest, SubsystemId>();

/** Lets in any subsystem that shows a token of its own key. */
@Injectable()
export class MemberGuard implements CanActivate {
  constructor(@Inject(CallerAuth) private readonly auth: CallerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    try {
      members.set(request, await this.auth.member(request.headers.authorization));
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}

/** Handler parameter: the subsystem that `MemberGuard` found. */
export const AuthenticatedMember = createParamDecorator((_: unknown, context: ExecutionContext): SubsystemId => {
  const member = members.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (member === undefined) throw callerErrors.error('caller-token-missing');
  return member;
});
