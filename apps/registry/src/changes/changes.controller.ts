import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiConflictResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ChangeReader } from './change-reader.service.js';
import type { ChangesPage, OneChange, PresentDefinition } from './change-view.js';
import {
  ChangeIdDto,
  ChangeRequestDto,
  ChangesPageDto,
  ChangesQuery,
  DecisionDto,
  DefinitionDto,
  HistoryQuery,
  OneChangeDto,
  RequestedDto,
  SuspensionDto,
} from './changes.dto.js';
import { ChangesService, type Requested } from './changes.service.js';
import { OfficerGuard, type OfficerRequest } from './officer.guard.js';

/** Changes of the registry, asked for by one person and approved by another (`docs/operations/changes.md`). */
@ApiTags('changes')
@ApiBearerAuth()
@Controller('v1')
@UseGuards(OfficerGuard)
export class ChangesController {
  constructor(
    private readonly changes: ChangesService,
    private readonly reader: ChangeReader,
  ) {}

  @Get('definition')
  @ApiOperation({ operationId: 'readDefinition', summary: 'The definition in force, and its version.' })
  @ApiOkResponse({ type: DefinitionDto })
  definition(@Req() { officer }: OfficerRequest): Promise<PresentDefinition> {
    return this.reader.definition(officer);
  }

  @Post('changes')
  @HttpCode(200)
  @ApiOperation({ operationId: 'requestChange', summary: 'Ask for a change, or only see what it would do.' })
  @ApiOkResponse({ type: RequestedDto })
  @ApiConflictResponse({ description: 'The base is stale: `version` stands now, `meanwhile` is what changed.' })
  request(@Req() { officer }: OfficerRequest, @Body() body: ChangeRequestDto): Promise<Requested> {
    return this.changes.request(officer, body);
  }

  @Post('suspensions')
  @HttpCode(200)
  @ApiOperation({ operationId: 'suspend', summary: 'Stop something at once, as a security officer, alone.' })
  @ApiOkResponse({ type: OneChangeDto })
  async suspend(@Req() { officer }: OfficerRequest, @Body() body: SuspensionDto): Promise<OneChange> {
    const { id = '' } = await this.changes.suspend(officer, body);
    return this.reader.settled(officer, id);
  }

  @Get('changes')
  @ApiOperation({ operationId: 'listChanges', summary: 'Requests that the reader may see, oldest first.' })
  @ApiOkResponse({ type: ChangesPageDto })
  list(@Req() { officer }: OfficerRequest, @Query() query: ChangesQuery): Promise<ChangesPage> {
    return this.reader.list(officer, query);
  }

  @Get('changes/:id')
  @ApiOperation({
    operationId: 'readChange',
    summary: 'One request with everything that was said to it, and its leaf.',
  })
  @ApiOkResponse({ type: OneChangeDto })
  read(@Req() { officer }: OfficerRequest, @Param() { id }: ChangeIdDto): Promise<OneChange> {
    return this.reader.one(officer, id);
  }

  @Post('changes/:id/approval')
  @HttpCode(200)
  @ApiOperation({ operationId: 'approveChange', summary: 'Approve what another person asked for.' })
  @ApiOkResponse({ type: OneChangeDto })
  @ApiConflictResponse({ description: 'Decided before, or superseded by `meanwhile`.' })
  async approve(@Req() { officer }: OfficerRequest, @Param() { id }: ChangeIdDto): Promise<OneChange> {
    await this.changes.approve(officer, id);
    return this.reader.settled(officer, id);
  }

  @Post('changes/:id/rejection')
  @HttpCode(200)
  @ApiOperation({ operationId: 'rejectChange', summary: 'Reject what another person asked for.' })
  @ApiOkResponse({ type: OneChangeDto })
  async reject(
    @Req() { officer }: OfficerRequest,
    @Param() { id }: ChangeIdDto,
    @Body() { reason }: DecisionDto,
  ): Promise<OneChange> {
    await this.changes.reject(officer, id, reason);
    return this.reader.one(officer, id);
  }

  @Post('changes/:id/withdrawal')
  @HttpCode(200)
  @ApiOperation({ operationId: 'withdrawChange', summary: 'Withdraw what one asked for oneself.' })
  @ApiOkResponse({ type: OneChangeDto })
  async withdraw(
    @Req() { officer }: OfficerRequest,
    @Param() { id }: ChangeIdDto,
    @Body() { reason }: DecisionDto,
  ): Promise<OneChange> {
    await this.changes.withdraw(officer, id, reason);
    return this.reader.one(officer, id);
  }

  @Get('history')
  @ApiOperation({ operationId: 'readHistory', summary: 'Every request about one object, whatever became of it.' })
  @ApiOkResponse({ type: ChangesPageDto })
  history(@Req() { officer }: OfficerRequest, @Query() query: HistoryQuery): Promise<ChangesPage> {
    return this.reader.history(officer, query);
  }
}
