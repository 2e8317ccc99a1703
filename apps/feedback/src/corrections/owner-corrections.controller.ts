import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ownerAct } from '#corrections';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { CaseStanding } from './case-standing.js';
import type { StepOutcome } from './cases.service.js';
import { MassFilingBody, massFilingOf } from './filing.dto.js';
import { Filings } from './filing.service.js';
import { OwnerActPipe, OwnerCasesQuery, statesIn, type OwnerActBody } from './owner-acts.dto.js';
import { OwnerActs, type OwnedCase } from './owner-acts.service.js';
import { CasePath, givenOf, StepOutcomeDto } from './step.dto.js';

const PAGE = 50;

/** For owners without a connector, and for connectors: the queue, and what the owner does in a case. */
@ApiTags('corrections of owners')
@ApiBearerAuth()
@Controller('v1/owner/corrections')
@UseGuards(MemberGuard)
export class OwnerCorrectionsController {
  constructor(
    @Inject(OwnerActs) private readonly acts: OwnerActs,
    @Inject(Filings) private readonly filings: Filings,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'openMassCorrection',
    summary:
      'Opens a mass correction of data of its own, which cases can join once it is accepted whole: without a statement its payload is proposed.',
    description: '`outline.exchangeId` is `correctionId`: nobody saw the batch in an answer.',
  })
  @ApiBody({ type: MassFilingBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(
    ...MEMBER_CODES,
    ...(['case-refused', 'case-forbidden', 'step-unsound', 'case-outline', 'case-exists'] as const),
    ...(['case-parties', 'terms-unknown', 'cases-too-many'] as const),
  )
  open(@Body() body: MassFilingBody, @AuthenticatedMember() owner: SubsystemId): Promise<StepOutcome> {
    return this.filings.openMass(owner, massFilingOf(body), givenOf(body));
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listOwnCorrections', summary: 'Cases of this owner, the oldest first.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  list(
    @Query() { state, after, limit }: OwnerCasesQuery,
    @AuthenticatedMember() owner: SubsystemId,
  ): Promise<{ cases: CaseStanding[]; next?: string }> {
    return this.acts.page(owner, { states: statesIn(state), after, limit: Number(limit ?? PAGE) });
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readOwnCorrection', summary: 'A case of this owner, with the sealed request.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, 'case-unknown')
  read(@Param() { id }: CasePath, @AuthenticatedMember() owner: SubsystemId): Promise<OwnedCase> {
    return this.acts.one(owner, id);
  }

  @Post(':id/steps')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'actOnOwnCorrection',
    summary:
      'Receives, starts, asks, extends, transfers, decides, corrects: without a statement its payload is proposed.',
  })
  @ApiBody({ schema: z.toJSONSchema(ownerAct, { io: 'input', unrepresentable: 'any' }) as object })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(
    ...MEMBER_CODES,
    ...(['case-unknown', 'case-refused', 'case-forbidden', 'case-astray', 'step-unsound', 'case-outline'] as const),
  )
  act(
    @Param() { id }: CasePath,
    @Body(OwnerActPipe) { act, given }: OwnerActBody,
    @AuthenticatedMember() owner: SubsystemId,
  ): Promise<StepOutcome> {
    return this.acts.act(owner, id, act, givenOf(given));
  }
}
