import { Controller, Get, Header, Headers, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { AccessesPageDto, AccessesQuery, filterOf } from './accesses.dto.js';
import { Accesses, type AccessesPage } from './accesses.service.js';
import { chooseLanguage } from './titles.js';

const PAGE = 50;

/** "Who looked at my data?" */
@ApiTags('accesses')
@ApiBearerAuth()
@Controller('v1/subjects/me')
@UseGuards(CallerGuard)
export class AccessesController {
  constructor(@Inject(Accesses) private readonly accesses: Accesses) {}

  @Get('accesses')
  @Header('Cache-Control', 'no-store')
  @Header('Vary', 'Authorization, Kerege-End-User, Accept-Language')
  @ApiEndUser()
  @ApiOperation({
    operationId: 'listAccesses',
    summary: 'Every access to the end user’s data, and to those of whom they represent; newest first.',
  })
  @ApiOkResponse({ type: AccessesPageDto })
  @ProblemCodes(...PERSON_CODES, 'cursor-foreign', 'period-invalid', 'subject-not-yours')
  list(
    @Query() query: AccessesQuery,
    @AuthenticatedCaller() caller: Caller,
    @Headers('accept-language') accepted: string | undefined,
  ): Promise<AccessesPage> {
    return this.accesses.page(caller, {
      subject: query.subject,
      filter: filterOf(query),
      limit: Number(query.limit ?? PAGE),
      cursor: query.cursor,
      withProofs: query.proofs === 'true',
      language: chooseLanguage(query.lang, accepted),
    });
  }
}
