import { Controller, Get, Header, Headers, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { chooseLanguage } from '../access-history/titles.js';
import { AuthenticatedCaller, OverBusGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, ProblemCodes } from '../problem-codes.dto.js';
import { HeartbeatDto, UsagePeriodDto, UsageQuery, UsagesDto, type Heartbeat } from './usage.dto.js';
import { Usages, type FoundUsages } from './usage.service.js';

const ALL = 1_000;

/**
 * A service on the bus for portals that already speak `findUsage` 2.1.0; its connector calls it. Whoever asks is judged
 * as at `/v1/subjects/me`, but for the portal's token, in whose place the bus has said who the portal is.
 */
@ApiTags('usage')
@Controller('usage/v2')
export class UsageController {
  constructor(@Inject(Usages) private readonly usages: Usages) {}

  @Get('findUsage')
  @UseGuards(OverBusGuard)
  @Header('Cache-Control', 'no-store')
  @ApiSecurity({})
  @ApiHeader({ name: 'Authorization', required: true, description: 'Bearer token of the connector.' })
  @ApiHeader({ name: 'X-Road-UserId', required: true, description: 'Who has signed in: country and code.' })
  @ApiHeader({ name: 'X-Road-Client', required: true, description: 'The portal, as its connector names it.' })
  @ApiEndUser()
  @ApiOperation({ operationId: 'findUsage', summary: 'Uses of a person’s data; newest first.' })
  @ApiOkResponse({ type: UsagesDto })
  @ProblemCodes(
    'caller-token-missing',
    'connector-unknown',
    'caller-not-portal',
    'end-user-missing',
    'end-user-invalid',
    'end-user-not-citizen',
    'user-foreign',
    'subject-not-yours',
    'usage-too-much',
    'registry-unread',
  )
  find(
    @Query() query: UsageQuery,
    @AuthenticatedCaller() caller: Caller,
    @Headers('x-road-userid') userId = '',
    @Headers('accept-language') accepted?: string,
  ): Promise<FoundUsages> {
    const { userCode, periodStart, periodEnd, offset, limit } = query;
    return this.usages.find(caller, {
      userId,
      userCode,
      filter: {
        ...(periodStart === undefined ? {} : { fromMs: Date.parse(periodStart) }),
        // The contract's end belongs to the period.
        ...(periodEnd === undefined ? {} : { untilMs: Date.parse(periodEnd) + 1 }),
      },
      offset: Number(offset ?? 0),
      limit: Number(limit ?? ALL),
      language: chooseLanguage(undefined, accepted),
    });
  }

  @Get('usagePeriod')
  @ApiSecurity({})
  @ApiOperation({ operationId: 'usagePeriod', summary: 'Since when uses are kept.' })
  @ApiOkResponse({ type: UsagePeriodDto })
  period(): Promise<{ readonly periodStart: string }> {
    return this.usages.period();
  }

  @Get('heartbeat')
  @ApiSecurity({})
  @ApiOperation({ operationId: 'heartbeat', summary: 'Whether it answers.' })
  @ApiOkResponse({ type: HeartbeatDto })
  async heartbeat(): Promise<Heartbeat> {
    try {
      await this.usages.period();
      return { status: 'OK', message: 'The access history answers.' };
    } catch {
      // Told to whoever asks; why stands in /status.
      return { status: 'FAIL', message: 'The access history does not answer.' };
    }
  }
}
