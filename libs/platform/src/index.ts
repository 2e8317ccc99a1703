export { configErrors } from './config/config.errors.js';
export {
  defineConfig,
  describeConfig,
  type ConfigDefinition,
  type ConfigOf,
  type Environment,
  type SettingDescription,
} from './config/define-config.js';
export {
  databaseEraserSettings,
  databaseRoleSettings,
  httpSettings,
  identitySettings,
  tracingSettings,
} from './config/platform.config.js';
export { setting, type Setting } from './config/setting.js';
export { READINESS_CHECKS } from './health/health.controller.js';
export { runCheck, type ReadinessCheck } from './health/readiness.js';
export { consumersPart, kafkaPart, readinessParts, registryCopyPart, type StatusPart } from './health/status-parts.js';
export { StatusWatch } from './health/status-watch.worker.js';
export { StatusKeeper, type AppStatus, type PartStatus, type Reading } from './health/status.js';
export { createHttpApp, type HttpAppOptions } from './http/create-http-app.js';
export { httpErrors } from './http/http.errors.js';
export { HttpReader } from './http/http-reader.js';
export { httpReaderErrors } from './http/http-reader.errors.js';
export { isLoopbackAddress, isLoopbackHost } from './http/loopback.js';
export { openApiText, serveOpenApi, type OpenApiTitle } from './http/open-api.js';
export { asAppError, PROBLEM_JSON, problemOf, type Problem } from './http/problem.js';
export { ProblemFilter } from './http/problem.filter.js';
export { onWire } from './http/on-wire.js';
export { SECURITY_HEADERS } from './http/security-headers.js';
export { WIRE_DEFAULTS, type WireLimits } from './http/wire-limits.js';
export { type WireReason } from './http/judge-head.js';
export { type WireAnswer, type WireFace } from './http/wire-refusal.js';
export { listenErrors, startHttpApp, type ListenOptions, type RunningApp } from './http/start-http-app.js';
export { createLogger, logLevels, Logger, silentLogger, type LoggerOptions, type LogLevel } from './logging/logger.js';
export { safeError, type LogFields } from './logging/safe-fields.js';
export { runMain, startFailure } from './run/run-main.js';
export { settleMemory } from './run/settle-memory.js';
export { Rounds } from './run/rounds.js';
export { whenAvailable } from './run/when-available.js';
export { AppMetrics, type HistogramDeclaration, type Labels, type MetricDeclaration } from './telemetry/app-metrics.js';
export { BusWatch, type ObservedBus, type ObservedSubscription } from './telemetry/bus-watch.worker.js';
export { defineMetrics, metric, MetricCatalogue, type MetricDescription } from './telemetry/metric-catalogue.js';
export { metricsErrors } from './telemetry/metrics.errors.js';
export { watchPool } from './telemetry/pool-metrics.js';
export { StageWatch } from './telemetry/stage-watch.js';
export { noTracing, type TracedWork, type Tracing, type TracingSettings, type Work } from './telemetry/tracing.js';
export { startTracing } from './telemetry/start-tracing.js';
export { formatTraceparent, parseTraceparent, type TraceContext } from './telemetry/trace-context.js';
export { openTls } from './tls/open-tls.js';
export { provenCertificateOf } from './tls/proven-certificate.js';
export { TlsFiles, type TlsEvents } from './tls/tls-files.js';
export { speaksTls, TlsListener, type TlsSettings } from './tls/tls-listener.js';
export { tlsSettings } from './tls/tls.config.js';
export { tlsErrors } from './tls/tls.errors.js';
export { keyFileName, loadKeySet, loadKeySets } from './trust/key-files.js';
export { trustErrors } from './trust/trust.errors.js';
export { loadTrust, parseTrust, type PublicJwk, type Trust } from './trust/trust.js';
