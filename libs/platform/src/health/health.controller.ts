import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { ServiceUnavailableException } from '@nestjs/common';
import { httpErrors } from '../http/http.errors.js';
import { runCheck, type ReadinessCheck } from './readiness.js';

export const READINESS_CHECKS = Symbol('readiness checks');

/** `/live`: the event loop turns. `/ready`: everything is there that the app's work needs, else 503 naming what is not. */
@ApiExcludeController()
@Controller()
export class HealthController {
  /** Set when the app begins to close: it ends what it has and wants nothing new. */
  isClosing = false;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
  ) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<HealthCheckResult> {
    if (this.isClosing) throw httpErrors.error('not-ready', { extensions: { missing: { process: 'is closing' } } });
    const missing: Record<string, string> = {};
    try {
      return await this.health.check(
        this.checks.map((check) => async () => {
          const reason = await runCheck(check);
          if (reason === undefined) return this.indicator.check(check.name).up();
          missing[check.name] = reason;
          return this.indicator.check(check.name).down({ missing: reason });
        }),
      );
    } catch (cause) {
      if (cause instanceof ServiceUnavailableException)
        throw httpErrors.error('not-ready', { extensions: { missing } });
      throw cause;
    }
  }
}
