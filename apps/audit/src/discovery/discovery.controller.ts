import { Controller, Get, Header, Inject } from '@nestjs/common';
import { SERVED_LOG, type ServedLog } from './served-log.js';

type PublishedLog = Pick<ServedLog, 'origin' | 'vkey' | 'url' | 'state'>;

/**
 * Where the logs are, for people and tools that were told this host and nothing else. A vkey read here proves nothing:
 * verifiers take theirs from `trust.json`.
 */
@Controller('.well-known')
export class DiscoveryController {
  constructor(@Inject(SERVED_LOG) private readonly log: ServedLog) {}

  @Get('audit-logs.json')
  @Header('Cache-Control', 'public, max-age=60')
  logs(): { logs: PublishedLog[] } {
    const { origin, vkey, url, state } = this.log;
    return { logs: [{ origin, vkey, url, state }] };
  }
}
