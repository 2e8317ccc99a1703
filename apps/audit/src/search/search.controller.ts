import { Controller, Get, Header, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedReader, ReaderGuard } from '../reader-auth/reader.guard.js';
import type { Reader } from '../reader-auth/reader.js';
import { ProblemAnswers } from './problem.dto.js';
import { filterOf, SearchPageDto, SearchQuery } from './search.dto.js';
import { WindowReviews } from '../windows/window-reviews.service.js';
import type { SearchPage } from './search.service.js';

const PAGE = 100;

/** The log by what its leaves say. Each page is recorded in the log before it is answered. */
@ApiTags('reading')
@ApiBearerAuth()
@Controller('v1/leaves')
@UseGuards(ReaderGuard)
export class SearchController {
  constructor(@Inject(WindowReviews) private readonly windows: WindowReviews) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'searchLeaves',
    summary: 'Leaves by time, member, service, outcome, exchange id and purpose.',
    description:
      'A member sees leaves whose consumer or provider it is, an auditor all, the help desk the state of one exchange by its id.',
  })
  @ApiOkResponse({ type: SearchPageDto })
  @ApiForbiddenResponse({ description: '`search-exchange-only`: the help desk gave another filter, or none.' })
  @ProblemAnswers('request-malformed', 'cursor-invalid', 'range-invalid')
  async search(@Query() query: SearchQuery, @AuthenticatedReader() reader: Reader): Promise<SearchPage> {
    const { limit, cursor } = query;
    const { searches } = await this.windows.named(query.log);
    return searches.search(reader, { filter: filterOf(query), limit: Number(limit ?? PAGE), cursor });
  }
}
