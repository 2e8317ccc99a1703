import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { LoopbackGuard } from '../ops/loopback.guard.js';
import { InstanceStatusService } from './instance-status.service.js';
import type { InstanceStatus } from './instance-status.js';
import { InstanceStatusDto } from './status.dto.js';

/** What is degraded, and since when: the whole instance, for its operator. */
@ApiTags('status')
@Controller('v1/status')
@UseGuards(LoopbackGuard)
export class StatusController {
  constructor(private readonly statuses: InstanceStatusService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readStatus',
    summary: 'How the whole instance stands: what is degraded, and since when.',
  })
  @ApiOkResponse({ type: InstanceStatusDto })
  read(): Promise<InstanceStatus> {
    return this.statuses.status();
  }
}
