import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { httpErrors } from '../http/http.errors.js';
import { isLoopbackHost } from '../http/loopback.js';
import { StatusWatch } from './status-watch.worker.js';
import type { AppStatus } from './status.js';

/** `/status`: how each part of this process stands, and since when. For the operator; today for programs of this machine. */
@ApiExcludeController()
@Controller('status')
export class StatusController {
  constructor(private readonly watch: StatusWatch) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  read(@Req() request: FastifyRequest): Promise<AppStatus> {
    // Web pages reach loopback through a browser, by a name of their own (DNS rebinding).
    if (request.headers.origin !== undefined || !isLoopbackHost(request.headers.host))
      throw httpErrors.error('forbidden');
    return this.watch.status();
  }
}
