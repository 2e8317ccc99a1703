import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import {
  ConcealedNowDto,
  OrderBody,
  OrderPath,
  OrdersPageDto,
  OrdersQuery,
  ShownOrderDto,
  TakenOrderDto,
} from './concealment.dto.js';
import { Orders, type ShownOrder, type TakenOrder } from './orders.service.js';

const PAGE = 50;

/** For an authority that orders concealment, the operator's officer who countersigns, and auditors who see both. */
@ApiTags('concealment')
@ApiBearerAuth()
@Controller('v1/concealments')
@UseGuards(MemberGuard)
export class ConcealmentController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'orderConcealment', summary: 'Brings an order, or its countersignature, into the log.' })
  @ApiOkResponse({ type: TakenOrderDto })
  @ProblemCodes(...MEMBER_CODES, 'order-unsound', 'order-term', 'order-unentitled', 'order-unknown', 'log-silent')
  take(@Body() { statement }: OrderBody, @AuthenticatedMember() member: SubsystemId): Promise<TakenOrder> {
    return this.orders.take(member, statement);
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listConcealments', summary: 'All orders, for auditors, with what each has concealed.' })
  @ApiOkResponse({ type: OrdersPageDto })
  @ProblemCodes(...MEMBER_CODES, 'order-unknown')
  async list(
    @Query() { before, limit }: OrdersQuery,
    @AuthenticatedMember() member: SubsystemId,
  ): Promise<{ orders: ShownOrder[] }> {
    return { orders: await this.orders.list(member, before, Number(limit ?? PAGE)) };
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readConcealment', summary: 'One order, for its parties and for auditors.' })
  @ApiOkResponse({ type: ShownOrderDto })
  @ProblemCodes(...MEMBER_CODES, 'order-unknown')
  one(@Param() { id }: OrderPath, @AuthenticatedMember() member: SubsystemId): Promise<ShownOrder> {
    return this.orders.one(member, id);
  }
}

/** What everybody may know. */
@ApiTags('statistics')
@Controller('v1/statistics')
export class ConcealmentStatisticsController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Get('concealments')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ operationId: 'countConcealments', summary: 'How many accesses are concealed now, if ten or more.' })
  @ApiOkResponse({ type: ConcealedNowDto })
  concealed(): { concealed?: number } {
    const concealed = this.orders.concealedNow();
    return concealed === undefined ? {} : { concealed };
  }
}
