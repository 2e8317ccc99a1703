import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from '#platform';
import { publicationErrors } from '../snapshot/publication.errors.js';

/**
 * For what needs no sign-in as long as there are no officers. The app refuses to listen anywhere but on loopback; this keeps web
 * pages out, which reach loopback through a browser by a name of their own (DNS rebinding).
 */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.headers.origin === undefined && isLoopbackHost(request.headers.host)) return true;
    throw publicationErrors.error('admin-host-refused');
  }
}
