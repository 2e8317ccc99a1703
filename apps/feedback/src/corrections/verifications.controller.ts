import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { StepOutcome } from './cases.service.js';
import { CasePath, StepOutcomeDto } from './step.dto.js';
import { OverBody, VerificationBody, VerificationsQuery } from './verifications.dto.js';
import { Verifications, type AskedVerification } from './verifications.service.js';

/** For gateways of portals: which corrected values they have still to look at, and what they saw. */
@ApiTags('verification of corrections')
@ApiBearerAuth()
@Controller('v1/portal')
@UseGuards(MemberGuard)
export class VerificationsController {
  constructor(@Inject(Verifications) private readonly verifications: Verifications) {}

  @Get('verifications')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listVerifications',
    summary: 'Corrected cases of this portal whose values were not read again yet, the oldest first.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  list(
    @Query() { after }: VerificationsQuery,
    @AuthenticatedMember() portal: SubsystemId,
  ): Promise<{ verifications: AskedVerification[]; next?: string }> {
    return this.verifications.page(portal, after);
  }

  @Post('verifications/over')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'askWhichAreOver',
    summary: 'Of these cases of the portal, those in which nothing can be corrected any more.',
  })
  @ApiBody({ type: OverBody })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  async over(@Body() { ids }: OverBody, @AuthenticatedMember() portal: SubsystemId): Promise<{ over: string[] }> {
    return { over: await this.verifications.over(portal, ids) };
  }

  @Post('corrections/:id/verification')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'verifyCorrection',
    summary: 'States whether the service answers with the new values; no match reopens the case.',
  })
  @ApiBody({ type: VerificationBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(
    ...MEMBER_CODES,
    ...(['case-unknown', 'case-refused', 'case-forbidden', 'case-astray', 'step-unsound'] as const),
  )
  verify(
    @Param() { id }: CasePath,
    @Body() { isMatch, doc, statement }: VerificationBody,
    @AuthenticatedMember() portal: SubsystemId,
  ): Promise<StepOutcome> {
    return this.verifications.verify(portal, id, { isMatch, doc }, statement === undefined ? undefined : { statement });
  }
}
