import { Controller, Get, Header, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { toBase64Url, type SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { CaseStore, type CaseStep } from './case.store.js';
import { EventsQuery, PortalEventsDto, type PortalEvent } from './portal-events.dto.js';

const PAGE = 100;

/** Pulled by portals, at their own pace: what happened in the cases that they filed. */
@ApiTags('corrections')
@ApiBearerAuth()
@Controller('v1/portal/corrections')
@UseGuards(MemberGuard)
export class PortalEventsController {
  constructor(@Inject(CaseStore) private readonly store: CaseStore) {}

  @Get('events')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listCorrectionEvents',
    summary: 'Transitions of the cases that this portal filed, in the order of the log.',
  })
  @ApiOkResponse({ type: PortalEventsDto })
  @ProblemCodes(...MEMBER_CODES)
  async events(
    @Query() { after = '0', limit }: EventsQuery,
    @AuthenticatedMember() portal: SubsystemId,
  ): Promise<{ events: PortalEvent[]; next: string }> {
    const steps = await this.store.stepsFor(portal, after, Number(limit ?? PAGE));
    return { events: steps.map(shownStep), next: steps.at(-1)?.n ?? after };
  }
}

function shownStep({ n, caseId, seq, type, was, now, why, atMs, dueMs, leafHash }: CaseStep): PortalEvent {
  return {
    ...{ n, correctionId: caseId, seq, what: type, was, now },
    ...(why === undefined ? {} : { why }),
    at: new Date(atMs).toISOString(),
    ...(dueMs === undefined ? {} : { dueAt: new Date(dueMs).toISOString() }),
    leaf: toBase64Url(leafHash),
  };
}
