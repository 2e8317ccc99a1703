import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { AcknowledgementBody, acknowledgementOf, NoticePath, NoticesQuery } from './recipient-acts.dto.js';
import { RecipientActs, type AcknowledgementOutcome, type NoticeStanding } from './recipient-acts.service.js';
import { StepOutcomeDto } from './step.dto.js';

/** For members that got a value that is corrected now: what they were told, and what they did with it. */
@ApiTags('corrections of recipients')
@ApiBearerAuth()
@Controller('v1/recipient/corrections')
@UseGuards(MemberGuard)
export class RecipientCorrectionsController {
  constructor(@Inject(RecipientActs) private readonly acts: RecipientActs) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listNotices', summary: 'What this member was told and has not answered.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  list(
    @Query() { after }: NoticesQuery,
    @AuthenticatedMember() recipient: SubsystemId,
  ): Promise<{ notices: NoticeStanding[]; next?: string }> {
    return this.acts.open(recipient, after);
  }

  @Get(':noticeId')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readNotice', summary: 'What this member was told, sealed for it until it answers.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, 'case-unknown')
  read(@Param() { noticeId }: NoticePath, @AuthenticatedMember() recipient: SubsystemId): Promise<NoticeStanding> {
    return this.acts.one(recipient, noticeId);
  }

  @Post(':noticeId/acknowledgement')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'acknowledgeNotice',
    summary: 'Says what was done with the corrected value: without a statement its payload is proposed.',
  })
  @ApiBody({ type: AcknowledgementBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(
    ...MEMBER_CODES,
    ...(['case-unknown', 'case-refused', 'case-forbidden', 'case-astray', 'notice-past', 'step-unsound'] as const),
  )
  acknowledge(
    @Param() { noticeId }: NoticePath,
    @Body() body: AcknowledgementBody,
    @AuthenticatedMember() recipient: SubsystemId,
  ): Promise<AcknowledgementOutcome> {
    return this.acts.acknowledge(recipient, noticeId, acknowledgementOf(body), body.statement);
  }
}
