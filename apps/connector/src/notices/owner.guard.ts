import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubsystemId } from '#kernel';
import { noticeErrors } from './notices.errors.js';
import { OwnerAuth } from './owner-auth.service.js';

/** Written by the guard, read by the handlers behind it; nobody else can put an owner here. */
const owners = new WeakMap<FastifyRequest, SubsystemId>();

@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(@Inject(OwnerAuth) private readonly auth: OwnerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    try {
      owners.set(request, await this.auth.authenticate(request.headers.authorization));
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}

/** Handler parameter: the subsystem that `OwnerGuard` found. */
export const Owner = createParamDecorator((_: unknown, context: ExecutionContext): SubsystemId => {
  const owner = owners.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (owner === undefined) throw noticeErrors.error('notice-token-missing');
  return owner;
});
