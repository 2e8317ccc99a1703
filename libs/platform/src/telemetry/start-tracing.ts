import { configErrors } from '../config/config.errors.js';
import type { Logger } from '../logging/logger.js';
import { noTracing, type Tracing, type TracingSettings } from './tracing.js';

/** The libraries of OpenTelemetry are loaded only where somebody listens. */
export async function startTracing(service: string, settings: TracingSettings, logger: Logger): Promise<Tracing> {
  const { otlpUrl, tracePercent } = settings;
  if (otlpUrl === '') return noTracing;
  if (!/^https?:$/.test(URL.parse(otlpUrl)?.protocol ?? ''))
    throw configErrors.error('config-invalid', { extensions: { problems: ['KEREGE_OTLP_URL must be an http URL'] } });
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(service, { url: otlpUrl, percent: tracePercent }, logger);
}
