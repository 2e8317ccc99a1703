import { Body, Controller, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { CompromisedBody, CompromisedDto } from './compromise.dto.js';
import { Compromises, type Compromised } from './compromises.service.js';

/** "Somebody else has signed in as me." */
@ApiTags('compromised')
@ApiBearerAuth()
@Controller('v1/subjects/me')
@UseGuards(CallerGuard)
export class CompromiseController {
  constructor(@Inject(Compromises) private readonly compromises: Compromises) {}

  @Post('compromised')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiHeader({ name: 'Kerege-End-User', required: true, description: 'Assertion of the person’s sign-in.' })
  @ApiOperation({
    operationId: 'reportCompromised',
    summary: 'Since when others have perhaps acted in the end user’s name; marks what was done from then on.',
  })
  @ApiOkResponse({ type: CompromisedDto })
  @ApiBadRequestResponse({ description: '`request-malformed`, `since-ahead`' })
  @ApiConflictResponse({ description: '`compromised-too-often`' })
  @ApiUnauthorizedResponse({
    description:
      '`caller-token-missing`, `caller-token-invalid`, `caller-token-used`, `end-user-missing`, `end-user-invalid`',
  })
  @ApiForbiddenResponse({ description: '`caller-not-portal`, `end-user-not-citizen`' })
  @ApiServiceUnavailableResponse({ description: '`registry-unread`, `statement-unsigned`, `log-silent`: it is kept' })
  say(@Body() { since }: CompromisedBody, @AuthenticatedCaller() caller: Caller): Promise<Compromised> {
    return this.compromises.say(caller, Date.parse(since));
  }
}
