import { Body, Controller, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
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
  @ApiEndUser()
  @ApiOperation({
    operationId: 'reportCompromised',
    summary: 'Since when others have perhaps acted in the end user’s name; marks what was done from then on.',
  })
  @ApiOkResponse({ type: CompromisedDto })
  @ProblemCodes(...PERSON_CODES, 'since-ahead', 'compromised-too-often', 'statement-unsigned', 'log-silent')
  say(@Body() { since }: CompromisedBody, @AuthenticatedCaller() caller: Caller): Promise<Compromised> {
    return this.compromises.say(caller, Date.parse(since));
  }
}
