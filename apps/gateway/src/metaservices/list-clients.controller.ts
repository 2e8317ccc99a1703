import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EdgeFaultFilter } from '../edge/edge-fault.filter.js';
import { EdgeReply } from '../edge/edge-reply.service.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { Rights } from '../rights/rights.js';
import { clientList, clientListJson, clientListXml } from './client-list.js';
import { metaserviceErrors } from './metaservices.errors.js';

/** `GET /listClients` (`exchange.md` §2.8): who is registered; public on X-Road, so no consumer is asked for. */
@Controller('listClients')
@UseFilters(EdgeFaultFilter)
export class ListClientsController {
  constructor(
    private readonly rights: Rights,
    private readonly edgeReply: EdgeReply,
  ) {}

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const view = this.rights.current();
    if (view === undefined) throw exchangeErrors.error('registry-expired');
    const query = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1 || request.url.length));
    if (query.getAll('xRoadInstance').some((instance) => instance !== view.instance))
      throw metaserviceErrors.error('xroad-instance-unknown');
    const clients = clientList(view.members());
    const wantsJson = (request.headers.accept ?? '').toLowerCase().includes('application/json');
    const headers = [{ name: 'Content-Type', value: wantsJson ? 'application/json; charset=utf-8' : 'text/xml' }];
    const body = Buffer.from(wantsJson ? clientListJson(clients) : clientListXml(clients));
    this.edgeReply.send(request, reply, { status: 200, headers, body });
  }
}
