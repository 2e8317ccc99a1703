import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import {
  ChangeAnswers,
  DiscardDto,
  NoticeParams,
  NoticesListQuery,
  NoticesPageDto,
  ProblemAnswers,
} from './notices.dto.js';
import { Notices, type NoticesPage } from './notices.service.js';
import { Owner, OwnerGuard } from './owner.guard.js';

const PAGE = 50;

/** What was delivered to a subsystem, for its owner. */
@ApiTags('notices')
@ApiBearerAuth()
@Controller('v1/notices')
@UseGuards(OwnerGuard)
export class NoticesController {
  constructor(@Inject(Notices) private readonly notices: Notices) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listNotices', summary: 'Notices for the subsystem that nobody has taken yet.' })
  @ApiOkResponse({ type: NoticesPageDto })
  @ProblemAnswers()
  list(
    @Query() { state = 'waiting', limit, after }: NoticesListQuery,
    @Owner() owner: SubsystemId,
  ): Promise<NoticesPage> {
    return this.notices.page(owner, { state, after, limit: Number(limit ?? PAGE) });
  }

  @Post(':id/acknowledgement')
  @HttpCode(204)
  @ApiOperation({ operationId: 'acknowledgeNotice', summary: 'Ends a waiting notice: the owner has it.' })
  @ApiNoContentResponse()
  @ChangeAnswers()
  acknowledge(@Param() { id }: NoticeParams, @Owner() owner: SubsystemId): Promise<void> {
    return this.notices.acknowledge(owner, id);
  }

  @Post(':id/replay')
  @HttpCode(204)
  @ApiOperation({ operationId: 'replayNotice', summary: 'Has a parked notice brought to the system again.' })
  @ApiNoContentResponse()
  @ChangeAnswers()
  replay(@Param() { id }: NoticeParams, @Owner() owner: SubsystemId): Promise<void> {
    return this.notices.replay(owner, id);
  }

  @Post(':id/discard')
  @HttpCode(204)
  @ApiOperation({ operationId: 'discardNotice', summary: 'Ends a parked notice that no system will take.' })
  @ApiNoContentResponse()
  @ChangeAnswers()
  discard(@Param() { id }: NoticeParams, @Body() { reason }: DiscardDto, @Owner() owner: SubsystemId): Promise<void> {
    return this.notices.discard(owner, id, reason);
  }
}
