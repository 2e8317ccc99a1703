import { Body, Controller, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiForbiddenResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedReader, ReaderGuard } from '../reader-auth/reader.guard.js';
import type { Reader } from '../reader-auth/reader.js';
import { ProblemAnswers } from '../search/problem.dto.js';
import { BatchProofsBody, BatchProofsDto } from './batch-proofs.dto.js';
import { WindowReviews } from '../windows/window-reviews.service.js';
import type { BatchProofs } from './batch-proofs.service.js';

@ApiTags('reading')
@ApiBearerAuth()
@Controller('v1/proofs')
@UseGuards(ReaderGuard)
export class BatchProofsController {
  constructor(@Inject(WindowReviews) private readonly windows: WindowReviews) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'proveLeaves',
    summary: 'Up to 100 exchanges or leaves with their proofs, against one checkpoint.',
  })
  @ApiBody({ type: BatchProofsBody })
  @ApiOkResponse({ type: BatchProofsDto })
  @ApiForbiddenResponse({ description: '`reading-not-yours`: the help desk has no proofs to give.' })
  @ProblemAnswers('request-malformed', 'proofs-number')
  async prove(
    @Body() { exchanges = [], indices = [], log }: BatchProofsBody,
    @AuthenticatedReader() reader: Reader,
  ): Promise<BatchProofs> {
    const { batches } = await this.windows.named(log);
    return batches.prove(reader, { exchanges, indices });
  }
}
