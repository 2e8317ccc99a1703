import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readerAuthErrors } from './reader-auth.errors.js';
import { ReaderAuth } from './reader-auth.service.js';
import type { Reader } from './reader.js';

/** Written by the guard, read by the handlers behind it; nobody else can put a reader here. */
const readers = new WeakMap<FastifyRequest, Reader>();

@Injectable()
export class ReaderGuard implements CanActivate {
  constructor(@Inject(ReaderAuth) private readonly auth: ReaderAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    try {
      readers.set(request, await this.auth.authenticate(request.headers.authorization));
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}

/** Handler parameter: the reader that `ReaderGuard` found. */
export const AuthenticatedReader = createParamDecorator((_: unknown, context: ExecutionContext): Reader => {
  const reader = readers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (reader === undefined) throw readerAuthErrors.error('reader-token-missing');
  return reader;
});
