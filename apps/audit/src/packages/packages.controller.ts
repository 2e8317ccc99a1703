import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuthenticatedReader, ReaderGuard } from '../reader-auth/reader.guard.js';
import type { Reader } from '../reader-auth/reader.js';
import { ProblemAnswers } from '../search/problem.dto.js';
import { filterOf, LeafFilterQuery } from '../search/search.dto.js';
import { WindowReviews } from '../windows/window-reviews.service.js';

const STALLED_MS = 30_000;

@ApiTags('reading')
@ApiBearerAuth()
@Controller('v1/packages')
@UseGuards(ReaderGuard)
export class PackagesController {
  constructor(@Inject(WindowReviews) private readonly windows: WindowReviews) {}

  @Get()
  @ApiOperation({
    operationId: 'packEvidence',
    summary:
      'Evidence package of an exchange or a query: leaves, proofs, checkpoint, time-stamps, manifests, snapshots.',
    description: 'At most 1,000 leaves. README.txt in it says how to check it with openssl and a JOSE tool.',
  })
  @ApiOkResponse({ content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } } })
  @ApiNotFoundResponse({ description: '`package-empty`' })
  @ApiForbiddenResponse({ description: '`reading-not-yours`' })
  @ProblemAnswers('request-malformed', 'package-too-large', 'range-invalid')
  async pack(
    @Query() query: LeafFilterQuery,
    @AuthenticatedReader() reader: Reader,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { packages } = await this.windows.named(query.log);
    const { access, stream } = await packages.build(reader, filterOf(query));
    // Who takes nothing for so long is cut off, and makes room.
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    await reply
      .header('Connection', 'close')
      .header('Content-Type', 'application/zip')
      .header('Content-Disposition', `attachment; filename="evidence-${access.leaf}.zip"`)
      .header('Cache-Control', 'no-store')
      .header('Kerege-Access-Leaf', String(access.leaf))
      .header('Kerege-Access-Salt', access.salt)
      .send(new Readable().wrap(stream));
  }
}
