import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseTilePath } from '#tlog';
import { ReadGate } from '../read-gate/read-gate.guard.js';
import { WindowReaders, type WindowReader } from '../windows/window-readers.service.js';
import { tilesErrors } from './tiles.errors.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The log as C2SP tlog-tiles has it, under `/log/<shard>/<window>/` (`audit-log.md` §2.3). */
@Controller('log/:shard/:window')
export class TilesController {
  constructor(private readonly windows: WindowReaders) {}

  // Headers are set only once there is something to send: a 404 that may be cached for a year would hide the tile.
  @Get('checkpoint')
  async checkpoint(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const asked = await this.asked(request);
    const head = asked?.path === 'checkpoint' ? await newestOf(asked.window) : undefined;
    if (head === undefined) throw tilesErrors.error('tile-unknown');
    void reply.header('Content-Type', 'text/plain; charset=utf-8').header('Cache-Control', 'public, max-age=1');
    return head.note;
  }

  @Get('tile/*')
  @UseGuards(ReadGate)
  async tile(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const asked = await this.asked(request);
    const address = parseTilePath(asked?.path ?? '');
    const bytes = address === undefined ? undefined : await asked?.window.tiles.read(address);
    if (bytes === undefined) throw tilesErrors.error('tile-unknown');
    void reply.header('Content-Type', 'application/octet-stream').header('Cache-Control', IMMUTABLE);
    return bytes;
  }

  /** From the raw target: a decoded one would give one file many names, and caches many copies. */
  private async asked(request: FastifyRequest): Promise<{ window: WindowReader; path: string } | undefined> {
    const [target = ''] = (request.raw.url ?? '').split('?');
    const [, place, path] = /^\/log\/([^/]+\/[^/]+)\/(.+)$/u.exec(target) ?? [];
    const window = place === undefined ? undefined : await this.windows.at(place);
    return window === undefined || path === undefined ? undefined : { window, path };
  }
}

/** Before anything was published, a log that is just made has its first head. */
async function newestOf({ published, tiles }: WindowReader): Promise<{ readonly note: string } | undefined> {
  return (await published.shown()) ?? tiles.recentHead();
}
