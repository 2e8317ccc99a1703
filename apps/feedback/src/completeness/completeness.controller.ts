import { Controller, Get, Header, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditorGuard } from '../caller/auditor.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { CompletenessDto, SampleDto, SampleQuery } from './completeness.dto.js';
import { Completeness, type CompletenessReport, type SampledCommitment } from './completeness.service.js';

/** "Is anything hidden?" */
@ApiTags('completeness')
@ApiBearerAuth()
@Controller('v1/completeness')
@UseGuards(AuditorGuard)
export class CompletenessController {
  constructor(@Inject(Completeness) private readonly completeness: Completeness) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'reportCompleteness',
    summary: 'How many commitments of each log are shown, concealed, pending and erased; for auditors.',
  })
  @ApiOkResponse({ type: CompletenessDto })
  @ProblemCodes(...MEMBER_CODES, 'caller-not-auditor')
  report(): Promise<CompletenessReport> {
    return this.completeness.report();
  }

  @Get('commitments')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'sampleCommitments',
    summary: 'Every commitment of these leaves with its opening: it names persons; for auditors.',
  })
  @ApiOkResponse({ type: SampleDto })
  @ProblemCodes(...MEMBER_CODES, 'caller-not-auditor', 'log-not-followed')
  async sample(@Query() { log, indices }: SampleQuery): Promise<{ commitments: SampledCommitment[] }> {
    return { commitments: await this.completeness.sample(log, indices.split(',').map(Number)) };
  }
}
