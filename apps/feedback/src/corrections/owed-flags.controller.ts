import { Controller, Get, Header, Inject, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { OwedFlags, type OwedFlagsStanding } from './owed-flags.service.js';

/** For connectors, which ask it every few seconds. */
@ApiTags('corrections of owners')
@ApiBearerAuth()
@Controller('v1/owner/dispute-flags')
@UseGuards(MemberGuard)
export class OwedFlagsController {
  constructor(@Inject(OwedFlags) private readonly owed: OwedFlags) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readOwedDisputeFlags',
    summary: 'How many dispute flags for this subsystem are not on its topic yet, and for how long.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  read(@AuthenticatedMember() subsystem: SubsystemId): Promise<OwedFlagsStanding> {
    return this.owed.of(subsystem);
  }
}
