import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PeriodQuery } from '../audit/case-audit.dto.js';
import type { ShownGroup } from './case-statistics.js';
import { CaseStatistics } from './case-statistics.service.js';

/** What everybody may know of corrections. */
@ApiTags('statistics')
@Controller('v1/statistics')
export class CaseStatisticsController {
  constructor(@Inject(CaseStatistics) private readonly statistics: CaseStatistics) {}

  @Get('corrections')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({
    operationId: 'countCorrections',
    summary: 'By owner and service, in whole days that are over; what is less than ten is "<10".',
  })
  @ApiOkResponse({ type: Object })
  async counts(@Query() { from, until }: PeriodQuery): Promise<{ groups: ShownGroup[] }> {
    const fromMs = from === undefined ? 0 : Date.parse(from);
    const untilMs = until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until);
    return { groups: await this.statistics.of({ fromMs, untilMs }) };
  }
}
