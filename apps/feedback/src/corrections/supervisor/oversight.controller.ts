import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseSubsystemId, type SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../../problem-codes.dto.js';
import { correctionErrors } from '../corrections.errors.js';
import { CasePath } from '../step.dto.js';
import { AssignBody, ReopenBody, SupervisedQuery } from './oversight.dto.js';
import { Oversight, type OrderOutcome } from './oversight.service.js';
import type { SupervisedCase } from './supervised-case.js';

const PAGE = 50;
const ORDER_CODES = ['case-unknown', 'case-refused', 'case-forbidden', 'case-astray', 'order-not-this'] as const;

/** For the supervisory authority: what is late or was complained about. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1/supervisor/corrections')
@UseGuards(MemberGuard)
export class SupervisorController {
  constructor(@Inject(Oversight) private readonly oversight: Oversight) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'superviseCorrections', summary: 'Cases, without anything of the person.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, 'caller-not-supervisor')
  list(
    @Query() { state, overdue, escalated, after, limit }: SupervisedQuery,
    @AuthenticatedMember() reader: SubsystemId,
  ): Promise<{ cases: SupervisedCase[]; next?: string }> {
    const flags = { isOverdue: overdue === 'true', isEscalated: escalated === 'true' };
    return this.oversight.page(reader, { state, ...flags, after, limit: Number(limit ?? PAGE) });
  }

  @Post(':id/reopen')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'orderReopening',
    summary: 'Has a case decided anew; the order is proposed, then signed.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, ...ORDER_CODES, 'caller-not-supervisor')
  reopen(
    @Param() { id }: CasePath,
    @Body() { statement }: ReopenBody,
    @AuthenticatedMember() by: SubsystemId,
  ): Promise<OrderOutcome> {
    return this.oversight.reopen(by, id, statement);
  }
}

/** For the operator: who decides where owners have handed a case on as often as they may. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1/operator/corrections')
@UseGuards(MemberGuard)
export class OperatorController {
  constructor(@Inject(Oversight) private readonly oversight: Oversight) {}

  @Post(':id/transfer')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'assignCorrection', summary: 'Assigns a case; the order is proposed, then signed.' })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, ...ORDER_CODES, 'caller-not-operator', 'case-outline')
  transfer(
    @Param() { id }: CasePath,
    @Body() { statement, target, content }: AssignBody,
    @AuthenticatedMember() by: SubsystemId,
  ): Promise<OrderOutcome> {
    const parsed = parseSubsystemId(target);
    if (!parsed.ok) throw correctionErrors.error('order-not-this', { extensions: { problem: 'target' } });
    const sealed = content && { id: content.id, sealed: Buffer.from(content.sealed, 'base64url') };
    return this.oversight.transfer(by, id, parsed.value, statement, sealed);
  }
}
