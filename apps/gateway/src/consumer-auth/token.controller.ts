import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf, type Result } from '#kernel';
import { readBody } from '../edge/request-body.js';
import { RefusalTally } from '../refusals/refusal-tally.js';
import { GivenTokenDto, TokenErrorDto, TokenRequestDto, type OAuthError } from './token.dto.js';
import { tokenErrors } from './token.errors.js';
import { TokenService, type GivenToken, type TokenRefusal } from './token.service.js';

/** Its body is read here, as a form. */
export const TOKEN_ROUTE = '/v1/token';

const MAX_BODY_BYTES = 16 * 1024;
/** Requests of callers whom nobody knows yet, at once. */
const MAX_UNDER_WAY = 200;
const RETRY_AFTER_S = '2';
/** For 16 KiB: who sends them more slowly is told to come again. */
const BODY_MS = 3_000;

/** The token endpoint (RFC 6749 §3.2): its callers prove themselves by what they send, so no guard stands before it. */
@ApiTags('tokens')
@Controller(TOKEN_ROUTE)
export class TokenController {
  /** Written by `answer`. */
  private underWay = 0;

  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(RefusalTally) private readonly refusals: RefusalTally,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'token', summary: 'An access token for a client assertion (private_key_jwt).' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenRequestDto })
  @ApiOkResponse({ type: GivenTokenDto })
  @ApiUnauthorizedResponse({ type: TokenErrorDto })
  @ApiTooManyRequestsResponse({ type: TokenErrorDto })
  async token(@Req() { raw }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { 'content-length': declared, 'content-type': contentType } = raw.headers;
    const body = await readBody(
      raw,
      declared === undefined ? undefined : Number(declared),
      MAX_BODY_BYTES,
      AbortSignal.timeout(BODY_MS),
    );
    // Whatever of the request was not read must not be taken for the next one.
    if (!body.ok) refuse(reply.header('Connection', 'close'), 'token-request-malformed');
    // Places are for those who have said all that they have to say: nobody holds one by saying it slowly.
    else if (this.underWay >= MAX_UNDER_WAY) refuse(reply.header('Connection', 'close'), 'tokens-unavailable');
    else {
      const given = await this.answer(contentType, body.value);
      if (given.ok) send(reply.status(200), given.value);
      else refuse(reply, given.reason);
    }
  }

  private async answer(contentType: string | undefined, body: Buffer): Promise<Result<GivenToken, TokenRefusal>> {
    this.underWay += 1;
    const given = await this.tokens.give(contentType, body).finally(() => (this.underWay -= 1));
    if (!given.ok && statusOf(tokenErrors.entries[given.reason]) === 401)
      this.refusals.add('consumer-unauthenticated', undefined, Date.now());
    return given;
  }
}

function refuse(reply: FastifyReply, code: TokenRefusal): void {
  const entry = tokenErrors.entries[code];
  const status = statusOf(entry);
  if (status === 429 || status === 503) void reply.header('Retry-After', RETRY_AFTER_S);
  const error = { error: oauthError(code, status), error_description: `${entry.message} ${entry.next}`, code };
  send(reply.status(status), error);
}

/** RFC 6749 §5.1: nobody on the way keeps an answer of this endpoint. */
function send(reply: FastifyReply, body: object): void {
  void reply
    .header('Cache-Control', 'no-store')
    .header('Pragma', 'no-cache')
    .header('Content-Type', 'application/json')
    .send(JSON.stringify(body));
}

function oauthError(code: TokenRefusal, status: number): OAuthError {
  if (status === 401) return 'invalid_client';
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  if (code === 'scope-unknown') return 'invalid_scope';
  return code === 'grant-type-unsupported' ? 'unsupported_grant_type' : 'invalid_request';
}
