import { Controller, Get, Header, Query, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { Consumer, ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { Rights } from '../rights/rights.js';
import { ExplanationDto, ExplanationQuery } from './explanation.dto.js';
import { explanationErrors } from './explanation.errors.js';
import { explanationFor, type ShownExplanation } from './explanation.js';

/** Which rule decides about a call, before anybody makes it. Nothing is exchanged and nothing is stated. */
@ApiTags('explanation')
@ApiHeader({ name: 'X-Road-Client', required: true })
@Controller('v1/explain')
@UseGuards(ConsumerGuard)
export class ExplanationController {
  constructor(private readonly rights: Rights) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'explain', summary: 'Whether a call would pass, and which rule decides.' })
  @ApiOkResponse({ type: ExplanationDto })
  explain(@Query() query: ExplanationQuery, @Consumer() asker: SubsystemId): ShownExplanation {
    const view = this.rights.current();
    if (view === undefined) throw exchangeErrors.error('registry-expired');
    const explained = explanationFor(view, asker, query, Date.now());
    if (!explained.ok) throw explanationErrors.error(explained.reason);
    return explained.value;
  }
}
