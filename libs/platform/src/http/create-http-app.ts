import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule, type ExceptionFilter, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { TlsOptions } from 'node:tls';
import { HealthController, READINESS_CHECKS } from '../health/health.controller.js';
import type { ReadinessCheck } from '../health/readiness.js';
import { readinessParts } from '../health/status-parts.js';
import { StatusWatch } from '../health/status-watch.worker.js';
import { StatusController } from '../health/status.controller.js';
import type { Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { AppMetrics } from '../telemetry/app-metrics.js';
import { MetricsController } from '../telemetry/metrics.controller.js';
import { asAppError, PROBLEM_JSON, problemOf } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { observeRequests } from './request-log.js';
import { SECURITY_HEADERS, TLS_SECURITY_HEADERS } from './security-headers.js';
import { createValidationPipe } from './validation.js';
import { WIRE_DEFAULTS, type WireLimits } from './wire-limits.js';
import type { WireFace } from './wire-refusal.js';
import { onWire } from './on-wire.js';

export interface HttpAppOptions {
  /** The app's name in logs and metrics. */
  readonly name: string;
  readonly logger: Logger;
  /** What `/ready` looks at. */
  readonly readiness?: readonly ReadinessCheck[];
  /** What `/status` shows; absent: what `/ready` looks at. */
  readonly status?: StatusWatch;
  readonly metrics?: AppMetrics;
  /** Largest body that is read; more is 413. */
  readonly bodyLimitBytes?: number;
  /** Where the app's settings say otherwise than `WIRE_DEFAULTS`. */
  readonly limits?: WireLimits;
  readonly maxHeaderBytes?: number;
  /** How broken HTTP is refused; absent: problem documents. */
  readonly face?: WireFace;
  /** True: the app judges targets in absolute and asterisk form, and several `Authorization`s, by itself. */
  readonly isLenient?: boolean;
  /** False: Nest registers no parser, so that the app registers its own raw one (`/r1` forwards bytes). */
  readonly bodyParser?: boolean;
  /** Go before the problem filter, e.g. X-Road's faces on `/r1`. */
  readonly filters?: readonly ExceptionFilter[];
  /** Fastify's own options, e.g. `rewriteUrl`; they win over ours. */
  readonly fastify?: FastifyServerOptions;
  /** The app speaks TLS alone; absent: plain HTTP. */
  readonly tls?: TlsOptions | undefined;
}

@Module({})
class PlatformModule {}

/**
 * Nest on Fastify as every app of Kerege has it: problem documents, validation, health, metrics, limits and time-outs,
 * and request logs without URLs. Initialised but not listening; see `startHttpApp`.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const metrics = options.metrics ?? new AppMetrics(options.name);
  metrics.addProcessMetrics();
  const adapter = new FastifyAdapter(fastifyOptions(options));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and takes literals
  const app = await NestFactory.create<NestFastifyApplication>(platformModule(module, options, metrics), adapter, {
    logger: new NestLogger(options.logger.child('nest')),
    bodyParser: options.bodyParser ?? true,
    abortOnError: false,
  });
  const headers = options.tls === undefined ? SECURITY_HEADERS : TLS_SECURITY_HEADERS;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (_request, reply, done) => {
      void reply.headers(headers);
      done();
    });
  observeRequests(app.getHttpAdapter().getInstance(), options.logger.child('http'), metrics);
  app.useGlobalPipes(createValidationPipe());
  // Nest asks the filters from the last to the first.
  app.useGlobalFilters(new ProblemFilter(options.logger), ...(options.filters ?? []));
  return app;
}

function platformModule(module: Type | DynamicModule, options: HttpAppOptions, metrics: AppMetrics): DynamicModule {
  const { readiness = [] } = options;
  return {
    module: PlatformModule,
    imports: [TerminusModule.forRoot({ logger: false }), module],
    controllers: [HealthController, MetricsController, StatusController],
    providers: [
      { provide: READINESS_CHECKS, useValue: readiness },
      { provide: StatusWatch, useValue: options.status ?? new StatusWatch(options.name, readinessParts(readiness)) },
      { provide: AppMetrics, useValue: metrics },
    ],
  };
}

function fastifyOptions(options: HttpAppOptions): FastifyServerOptions {
  const { bodyLimitBytes = 1024 * 1024, maxHeaderBytes = 16 * 1024, limits = WIRE_DEFAULTS } = options;
  const { tls, face, isLenient } = options;
  return {
    logger: false,
    bodyLimit: bodyLimitBytes,
    ...onWire({ limits, maxHeaderBytes, tls, face, isLenient }),
    forceCloseConnections: 'idle',
    genReqId: requestIds(),
    frameworkErrors: answerFrameworkError,
    routerOptions: { maxParamLength: 2_048 },
    exposeHeadRoutes: false,
    ...options.fastify,
  };
}

/** What Fastify refuses before any route, e.g. a URL that cannot be decoded; its own answer would quote the URL. */
function answerFrameworkError(cause: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = { ...problemOf(asAppError(cause)), requestId: request.id };
  void reply.status(problem.status).header('Content-Type', PROBLEM_JSON).send(JSON.stringify(problem));
}

/** Ours alone: what a client sends as a request id is not trusted into our logs. */
function requestIds(): () => string {
  const start = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${start}-${(count += 1).toString(36)}`;
}
