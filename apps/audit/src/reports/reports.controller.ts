import { Controller, Get, Header, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AuthenticatedReader, ReaderGuard } from '../reader-auth/reader.guard.js';
import type { Reader } from '../reader-auth/reader.js';
import { ProblemAnswers } from '../search/problem.dto.js';
import { ReportDto, ReportParameters, ReportQuery } from './reports.dto.js';
import { WindowReviews } from '../windows/window-reviews.service.js';
import { REPORTS, type Report } from './reports.service.js';

@ApiTags('reading')
@ApiBearerAuth()
@Controller('v1/reports')
@UseGuards(ReaderGuard)
export class ReportsController {
  constructor(@Inject(WindowReviews) private readonly windows: WindowReviews) {}

  @Get(':report')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'reconcile',
    summary: 'What does not add up.',
    description:
      'unanswered: requests without a sequel. disowned: disclosures whose consumer stated a failure. late: answers behind a stated failure. conflicts: requests told twice. faults: refusals and failures by day, side and reason.',
  })
  @ApiParam({ name: 'report', enum: REPORTS })
  @ApiOkResponse({ type: ReportDto })
  @ApiForbiddenResponse({ description: '`reading-not-yours`' })
  @ProblemAnswers('request-malformed', 'range-invalid')
  async report(
    @Param() { report }: ReportParameters,
    @Query() { from, until, log }: ReportQuery,
    @AuthenticatedReader() reader: Reader,
  ): Promise<Report> {
    const { reports } = await this.windows.named(log);
    return reports.report(reader, { report, fromMs: Date.parse(from), untilMs: Date.parse(until) });
  }
}
