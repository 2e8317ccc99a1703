import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerAuth } from './caller-auth.service.js';

/** Lets auditors pass and nobody else. */
@Injectable()
export class AuditorGuard implements CanActivate {
  constructor(@Inject(CallerAuth) private readonly auth: CallerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      await this.auth.authenticateAuditor(http.getRequest<FastifyRequest>().headers.authorization);
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}
