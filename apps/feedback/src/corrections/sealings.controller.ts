import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { CaseStanding } from './case-standing.js';
import { SealingBody, SealingsQuery } from './sealings.dto.js';
import { CasePath, contentOf, StepOutcomeDto } from './step.dto.js';
import { Successions, type SealingOrder, type WantedSealing } from './successions.service.js';

/** For gateways of portals: requests whose owner was succeeded, to be sealed anew for who succeeds it (E56). */
@ApiTags('succession of owners')
@ApiBearerAuth()
@Controller('v1/portal')
@UseGuards(MemberGuard)
export class SealingsController {
  constructor(@Inject(Successions) private readonly successions: Successions) {}

  @Get('sealings')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listSealings',
    summary: 'Cases of this portal whose request has to be sealed for a successor, the oldest first.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES)
  list(
    @Query() { after }: SealingsQuery,
    @AuthenticatedMember() portal: SubsystemId,
  ): Promise<{ sealings: WantedSealing[]; next?: string }> {
    return this.successions.wanted(portal, after);
  }

  @Get('corrections/:id/sealing')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readSealing',
    summary: 'The copy that the gateway which filed the case can open, and for whom it has to be sealed.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...MEMBER_CODES, 'case-unknown')
  read(@Param() { id }: CasePath, @AuthenticatedMember() portal: SubsystemId): Promise<SealingOrder> {
    return this.successions.order(portal, id);
  }

  @Post('corrections/:id/sealing')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'sealAnew',
    summary: 'Hands over the request, sealed for the successor; its outline has to be that of the filing.',
  })
  @ApiBody({ type: SealingBody })
  @ApiOkResponse({ type: StepOutcomeDto })
  @ProblemCodes(...MEMBER_CODES, ...(['case-unknown', 'case-refused', 'case-astray', 'case-outline'] as const))
  async seal(
    @Param() { id }: CasePath,
    @Body() { successor, outline, content }: SealingBody,
    @AuthenticatedMember() portal: SubsystemId,
  ): Promise<{ standing: CaseStanding }> {
    return { standing: await this.successions.seal(portal, id, { successor, outline, content: contentOf(content) }) };
  }
}
