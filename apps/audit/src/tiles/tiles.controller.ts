import { Controller, Get, Inject, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseTilePath } from '#tlog';
import { SERVED_LOG, type ServedLog } from '../discovery/served-log.js';
import { ReadGate } from '../read-gate/read-gate.guard.js';
import { PublishedCheckpoints } from '../witness/published-checkpoints.service.js';
import { tilesErrors } from './tiles.errors.js';
import { TilesService } from './tiles.service.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The log as C2SP tlog-tiles has it, under `/log/<shard>/<window>/` (`audit-log.md` §2.3). */
@Controller('log/:shard/:window')
export class TilesController {
  constructor(
    private readonly tiles: TilesService,
    private readonly published: PublishedCheckpoints,
    @Inject(SERVED_LOG) private readonly log: ServedLog,
  ) {}

  // Headers are set only once there is something to send: a 404 that may be cached for a year would hide the tile.
  @Get('checkpoint')
  async checkpoint(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const head = this.pathBelowPrefix(request) === 'checkpoint' ? await this.newest() : undefined;
    if (head === undefined) throw tilesErrors.error('tile-unknown');
    void reply.header('Content-Type', 'text/plain; charset=utf-8').header('Cache-Control', 'public, max-age=1');
    return head.note;
  }

  @Get('tile/*')
  @UseGuards(ReadGate)
  async tile(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const address = parseTilePath(this.pathBelowPrefix(request) ?? '');
    const bytes = address === undefined ? undefined : await this.tiles.read(address);
    if (bytes === undefined) throw tilesErrors.error('tile-unknown');
    void reply.header('Content-Type', 'application/octet-stream').header('Cache-Control', IMMUTABLE);
    return bytes;
  }

  /** Before anything was published, a log that is just made has its first head. */
  private async newest(): Promise<{ readonly note: string } | undefined> {
    return (await this.published.shown()) ?? this.tiles.recentHead();
  }

  /** From the raw target: a decoded one would give one file many names, and caches many copies. */
  private pathBelowPrefix(request: FastifyRequest): string | undefined {
    const [path = ''] = (request.raw.url ?? '').split('?');
    const prefix = `/log/${this.log.path}/`;
    return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
  }
}
