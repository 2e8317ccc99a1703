import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { carriesToken } from './bearer-token.js';
import { readGateErrors } from './read-gate.errors.js';

/** SHA-256 of each token that opens the gate; none: it stands open. */
export const READER_TOKENS = Symbol('hashes of readers’ tokens');

/**
 * Keeps leaves for readers with a token where the operator wants that (`audit-log.md` §3.6). Hash tiles pass: inclusion
 * and consistency are anybody's to check.
 */
@Injectable()
export class ReadGate implements CanActivate {
  constructor(@Inject(READER_TOKENS) private readonly tokens: readonly Buffer[]) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.tokens.length === 0) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const [path = ''] = (request.raw.url ?? '').split('?');
    if (/\/tile\/(?!entries\/)[^/]+\//u.test(path)) return true;
    if (carriesToken(request.headers.authorization, this.tokens)) return true;
    void context.switchToHttp().getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer');
    throw readGateErrors.error('reader-token-needed');
  }
}
