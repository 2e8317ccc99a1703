import { Controller, Get, Header, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../../problem-codes.dto.js';
import { AuditPath, AuditQuery } from './case-audit.dto.js';
import { CaseAudit } from './case-audit.service.js';

/** For auditors: what the log and the cases say about how corrections are handled. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1/audit/corrections')
@UseGuards(MemberGuard)
export class CaseAuditController {
  constructor(@Inject(CaseAudit) private readonly audit: CaseAudit) {}

  @Get(':question')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'auditCorrections',
    summary: 'One of the twelve questions: of a case, or of all cases of a time.',
  })
  @ApiOkResponse({
    type: Object,
    description:
      'Of `rejections`: rates of all decisions of the time, and up to 1,000 of them in `decisions`, the oldest first; `isCut`: there are more, ask for a shorter time.',
  })
  @ProblemCodes(...MEMBER_CODES, 'caller-not-auditor', 'case-unknown')
  answer(
    @Param() { question }: AuditPath,
    @Query() query: AuditQuery,
    @AuthenticatedMember() auditor: SubsystemId,
  ): Promise<object> {
    const { case: named, at, from, until } = query;
    return this.audit.answer(auditor, {
      ...{ question, named, atMs: at === undefined ? undefined : Date.parse(at) },
      fromMs: from === undefined ? 0 : Date.parse(from),
      untilMs: until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until),
    });
  }
}
