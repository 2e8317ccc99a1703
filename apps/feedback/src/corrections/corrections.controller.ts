import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { CaseStanding } from './case-standing.js';
import type { StepOutcome } from './cases.service.js';
import { FilingBody, filingOf } from './filing.dto.js';
import { Filings } from './filing.service.js';
import { CasesQuery, PersonActBody, personActOf } from './person-cases.dto.js';
import { PersonCases } from './person-cases.service.js';
import { CasePath, givenOf, StepOutcomeDto } from './step.dto.js';

const STEP_CODES = ['case-refused', 'case-forbidden', 'case-astray', 'step-unsound', 'case-outline'] as const;

/** What persons say is wrong, through their portal (`corrections.md` §10). */
@ApiTags('corrections')
@ApiBearerAuth()
@ApiEndUser()
@Controller('v1/corrections')
@UseGuards(CallerGuard)
export class CorrectionsController {
  constructor(
    @Inject(Filings) private readonly filings: Filings,
    @Inject(PersonCases) private readonly cases: PersonCases,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'fileCorrection',
    summary: 'Files a request: without a statement its payload is proposed, with it the case is there.',
  })
  @ApiBody({ type: FilingBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(
    ...PERSON_CODES,
    ...STEP_CODES,
    'subject-not-yours',
    'case-exists',
    'case-parties',
    'terms-unknown',
    'cases-too-many',
  )
  file(@Body() body: FilingBody, @AuthenticatedCaller() caller: Caller): Promise<StepOutcome> {
    return this.filings.file(caller, filingOf(body), givenOf(body));
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listCorrections', summary: 'Cases of the end user that this portal filed.' })
  @ApiOkResponse({ type: [Object] })
  @ProblemCodes(...PERSON_CODES, 'subject-not-yours')
  async list(
    @Query() { subject }: CasesQuery,
    @AuthenticatedCaller() caller: Caller,
  ): Promise<{ cases: CaseStanding[] }> {
    return { cases: await this.cases.list(caller, subject) };
  }

  @Post(':id/steps')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'actOnCorrection', summary: 'Withdraws, answers the owner’s question, or appeals.' })
  @ApiBody({ type: PersonActBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(...PERSON_CODES, ...STEP_CODES, 'case-unknown')
  act(
    @Param() { id }: CasePath,
    @Body() body: PersonActBody,
    @AuthenticatedCaller() caller: Caller,
  ): Promise<StepOutcome> {
    return this.cases.act(caller, id, personActOf(body), givenOf(body));
  }
}
