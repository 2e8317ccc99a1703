import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OfficerAuth, type SignedIn } from './officer-auth.service.js';

/** A request whose sender has signed in; set by the guard, and by nobody else. */
export type OfficerRequest = FastifyRequest & { officer: SignedIn };

/** Lets officers pass and nobody else; what each may do is for the service to say. */
@Injectable()
export class OfficerGuard implements CanActivate {
  constructor(@Inject(OfficerAuth) private readonly auth: OfficerAuth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<OfficerRequest>();
    try {
      request.officer = await this.auth.signedIn(request.headers.authorization);
      return true;
    } catch (cause) {
      // RFC 9110 §11.6.1: a 401 says how to authenticate.
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
      throw cause;
    }
  }
}
