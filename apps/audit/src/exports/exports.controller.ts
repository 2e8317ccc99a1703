import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuthenticatedReader, ReaderGuard } from '../reader-auth/reader.guard.js';
import type { Reader } from '../reader-auth/reader.js';
import { ProblemAnswers } from '../search/problem.dto.js';
import { filterOf } from '../search/search.dto.js';
import { MEDIA_TYPES } from './export-format.js';
import { ExportQuery } from './exports.dto.js';
import { WindowReviews } from '../windows/window-reviews.service.js';

const STALLED_MS = 30_000;

@ApiTags('reading')
@ApiBearerAuth()
@Controller('v1/exports')
@UseGuards(ReaderGuard)
export class ExportsController {
  constructor(@Inject(WindowReviews) private readonly windows: WindowReviews) {}

  @Get()
  @ApiOperation({
    operationId: 'exportLeaves',
    summary: 'All leaves of a search, as JSON Lines or CSV with their indices and bytes.',
    description:
      'The last line says how many leaves there are, and how to go on where the export is as long as one may be. Without that line the export was cut off.',
  })
  @ApiOkResponse({
    description: 'Newest first.',
    content: {
      'application/jsonl': {
        schema: { type: 'string' },
        example: '{"index":4711,"type":"exchange.answered",…,"leaf":"eyJ…"}\n{"end":{"leaves":1}}\n',
      },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiForbiddenResponse({ description: '`reading-not-yours`' })
  @ProblemAnswers('request-malformed', 'cursor-invalid', 'range-invalid')
  async export(
    @Query() query: ExportQuery,
    @AuthenticatedReader() reader: Reader,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { format, cursor } = query;
    const { exports } = await this.windows.named(query.log);
    const started = await exports.start(reader, { filter: filterOf(query), format, cursor });
    const { access, indexedTo } = started;
    // A page is read when the one before was written: who does not take it holds up nobody.
    const lines = Readable.from(started.lines, { objectMode: true, highWaterMark: 1 });
    lines.once('close', started.close);
    // Who takes nothing for so long is cut off, and makes room.
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    await reply
      .header('Connection', 'close')
      .header('Content-Type', MEDIA_TYPES[format])
      .header('Content-Disposition', `attachment; filename="leaves-${access.leaf}.${format}"`)
      .header('Cache-Control', 'no-store')
      .header('Kerege-Access-Leaf', String(access.leaf))
      .header('Kerege-Access-Salt', access.salt)
      .header('Kerege-Indexed-To', String(indexedTo))
      .send(lines);
  }
}
