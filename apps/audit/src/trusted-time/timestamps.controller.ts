import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { WindowReaders } from '../windows/window-readers.service.js';
import { StampedCheckpointQuery, TimestampQuery } from './timestamps.dto.js';
import { trustedTimeErrors } from './trusted-time.errors.js';

/**
 * Trusted time for receipts (`audit-log.md` §5). With the checkpoint that it stamps a token is checked by nothing but
 * OpenSSL: `head -3 checkpoint > body && openssl ts -verify -data body -in checkpoint.tsr -CAfile tsa-ca.pem`.
 */
@ApiTags('log')
@Controller('log/:shard/:window')
export class TimestampsController {
  constructor(private readonly windows: WindowReaders) {}

  @Get('timestamp')
  @ApiOperation({
    operationId: 'readTimestamp',
    summary: 'The first time-stamp token that covers a leaf, or the newest one: an RFC 3161 response, DER.',
  })
  @ApiProduces('application/timestamp-reply')
  @ApiOkResponse({
    description: '`Kerege-Log-Size`: size of the stamped checkpoint. `Kerege-Time-Authority`: by whom.',
  })
  @ApiNotFoundResponse({ description: 'No token covers that leaf (yet).' })
  async timestamp(
    @Param('shard') shard: string,
    @Param('window') window: string,
    @Query() { index }: TimestampQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const anchors = (await this.windows.at(`${shard}/${window}`))?.anchors;
    const token = index === undefined ? (await anchors?.newest(1))?.[0] : await anchors?.firstCovering(Number(index));
    if (token === undefined) throw trustedTimeErrors.error('timestamp-unknown');
    void reply
      .header('Content-Type', 'application/timestamp-reply')
      .header('Cache-Control', index === undefined ? 'no-cache' : 'public, max-age=60')
      .header('Kerege-Log-Size', String(token.size))
      .header('Kerege-Time-Authority', token.source);
    return token.data;
  }

  @Get('timestamp/checkpoint')
  @ApiOperation({
    operationId: 'readStampedCheckpoint',
    summary: 'The checkpoint that a token stamps: its first three lines, with their newlines, are what was stamped.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'A signed note, with the lines of its witnesses.' })
  @ApiNotFoundResponse({ description: 'No token stamps a checkpoint of that size.' })
  async checkpoint(
    @Param('shard') shard: string,
    @Param('window') window: string,
    @Query() { size }: StampedCheckpointQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const note = await (await this.windows.at(`${shard}/${window}`))?.anchors.stampedNote(Number(size));
    if (note === undefined) throw trustedTimeErrors.error('timestamp-unknown');
    void reply.header('Content-Type', 'text/plain; charset=utf-8').header('Cache-Control', 'public, max-age=60');
    return note;
  }
}
