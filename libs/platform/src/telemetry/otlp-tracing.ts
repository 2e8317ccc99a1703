import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from '../logging/logger.js';
import { formatTraceparent, parseTraceparent } from './trace-context.js';
import type { TracedWork, Tracing, Work } from './tracing.js';

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };
const TIMEOUT_MS = 2_000;

/**
 * Traces by OpenTelemetry, sent in batches. What the collector does not take in time is dropped, 2,048 spans wait at
 * most: no exchange ever waits for its trace.
 */
export class OtlpTracing implements Tracing {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  constructor(service: string, { url, percent }: { readonly url: string; readonly percent: number }, logger: Logger) {
    const complain = (message: string) => logger.warn({ said: message.slice(0, 200) }, 'traces are not sent');
    const ignore = () => undefined;
    diag.setLogger(
      { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': `kerege-${service}` }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(percent / 100) }),
      spanProcessors: [
        new BatchSpanProcessor({ exporter, exportTimeoutMillis: TIMEOUT_MS, scheduledDelayMillis: 1_000 }),
      ],
    });
    this.tracer = this.provider.getTracer('kerege');
  }

  begin({ name, kind, parent, attributes }: Work): TracedWork | undefined {
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], attributes }, contextOf(parent));
    if (!span.isRecording()) return undefined;
    return new Traced(this.tracer, span);
  }

  async close(): Promise<void> {
    // The collector may be away; the library itself gives up after its time-out.
    await this.provider.shutdown().catch(() => undefined);
  }
}

class Traced implements TracedWork {
  readonly traceparent: string;
  private readonly context: Context;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
  ) {
    const { traceId, spanId } = span.spanContext();
    this.traceparent = formatTraceparent({ traceId, spanId, sampled: true });
    this.context = trace.setSpan(ROOT_CONTEXT, span);
  }

  stage(name: string, fromMs: number, toMs: number): void {
    this.tracer.startSpan(name, { startTime: fromMs }, this.context).end(toMs);
  }

  end(outcome: string, hasFailed: boolean): void {
    this.span.setAttribute('kerege.outcome', outcome);
    if (hasFailed) this.span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    this.span.end();
  }
}

function contextOf(parent: string | undefined): Context {
  const known = parseTraceparent(parent);
  if (known === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = known;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
