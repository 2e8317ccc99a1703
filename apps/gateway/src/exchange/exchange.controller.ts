import { Controller, Get, Header, Inject, Param, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseExchangeId, type SubsystemId } from '#kernel';
import { Consumer, ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { EvidenceService } from '../evidence/evidence.service.js';
import { exchangeErrors } from './exchange.errors.js';
import { ExchangeStore } from './exchange.store.js';
import type { Side } from './exchange.js';
import { requestedOf, type StoredRow } from './row.js';
import { TakeoverService } from './takeover.service.js';
import { within } from './within.js';

/** What a consumer may know of its own exchange. Holds no personal data: the pattern, not the path. */
export interface ExchangeState {
  readonly id: string;
  readonly state: 'open' | 'answered' | 'refused' | 'failed';
  readonly code?: string;
  readonly side?: Side;
  readonly service: string;
  readonly endpoint?: string;
  readonly acceptedAt: string;
  readonly deadline: string;
  readonly endedAt?: string;
  readonly evidence: string;
}

const ROW_WAIT_MS = 2_000;

/** A consumer's own exchanges; whose it is not, for them it does not exist. */
@ApiTags('exchanges')
@ApiHeader({ name: 'X-Road-Client', required: false, description: 'May be missing beside an access token.' })
@Controller('v1/exchanges')
@UseGuards(ConsumerGuard)
export class ExchangeController {
  constructor(
    @Inject(ExchangeStore) private readonly store: ExchangeStore,
    @Inject(TakeoverService) private readonly takeover: TakeoverService,
    @Inject(EvidenceService) private readonly evidence: EvidenceService,
  ) {}

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How an exchange stands.' })
  async state(@Param('id') id: string, @Consumer() consumer: SubsystemId): Promise<ExchangeState> {
    return stateOf(await this.find(id, consumer));
  }

  @Get(':id/evidence')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Evidence v1 of an exchange that has ended, to be checked with kerege verify.' })
  async evidenceOf(@Param('id') id: string, @Consumer() consumer: SubsystemId): Promise<string> {
    return this.evidence.evidenceOf(await this.find(id, consumer));
  }

  /** An exchange whose gateway died is ended here: nobody else may ever ask for it (`bus.md` §4.9). */
  private async find(text: string, consumer: SubsystemId): Promise<StoredRow> {
    const id = parseExchangeId(text);
    if (id === undefined) throw exchangeErrors.error('exchange-unknown');
    // The row's end may still be on its way to the database: the answer was told before it.
    await within(this.store.settled(id), ROW_WAIT_MS);
    const row = await this.store.find(id, consumer);
    if (row === undefined) throw exchangeErrors.error('exchange-unknown');
    const outcome = await this.takeover.take(row);
    return { ...row, outcome };
  }
}

function stateOf(row: StoredRow): ExchangeState {
  const { outcome } = row;
  const endpoint = requestedOf(row)?.payload.ep;
  return {
    id: row.id,
    state: outcome?.kind ?? 'open',
    ...(outcome?.code === undefined ? {} : { code: outcome.code }),
    ...(outcome?.side === undefined ? {} : { side: outcome.side }),
    service: row.service,
    ...(endpoint === undefined ? {} : { endpoint }),
    acceptedAt: new Date(row.createdMs).toISOString(),
    deadline: new Date(row.deadlineMs).toISOString(),
    ...(outcome === undefined ? {} : { endedAt: new Date(outcome.endedMs).toISOString() }),
    evidence: `/v1/exchanges/${row.id}/evidence`,
  };
}
