import { Controller, Get, Header, Inject } from '@nestjs/common';
import { WINDOW_SOURCE, type ServedLog, type WindowSource } from './served-log.js';

type PublishedLog = Omit<ServedLog, 'logId' | 'path'>;

/**
 * Where the logs are, for people and tools that were told this host and nothing else: all windows, oldest first. A vkey
 * read here proves nothing: verifiers take theirs from `trust.json`.
 */
@Controller('.well-known')
export class DiscoveryController {
  constructor(@Inject(WINDOW_SOURCE) private readonly windows: WindowSource) {}

  @Get('audit-logs.json')
  @Header('Cache-Control', 'public, max-age=60')
  async logs(): Promise<{ logs: PublishedLog[] }> {
    const windows = await this.windows.list();
    return {
      logs: windows.map(({ origin, vkey, url, state, predecessor, successor, finalCheckpoint }) => ({
        origin,
        vkey,
        url,
        state,
        ...(predecessor === undefined ? {} : { predecessor }),
        ...(successor === undefined ? {} : { successor }),
        ...(finalCheckpoint === undefined ? {} : { finalCheckpoint }),
      })),
    };
  }
}
