import { matchEndpoint, parseTarget, type AccessService } from '#access';
import { newExchangeId, ok, parseServiceId, refuse, type Result } from '#kernel';
import type { CaseKind } from '#corrections';
import type { RegistryView } from '#snapshot';
import type { FilingRequest, Recheck } from './filing.js';

/** A body whose form was judged. */
export interface FilingForm {
  readonly correctionId?: string;
  readonly kind: CaseKind;
  readonly service: string;
  readonly endpoint: string;
  readonly exchangeId: string;
  readonly subject: string;
  readonly language: string;
  readonly profile?: string;
  readonly recheck?: Recheck;
}

/** As they came: what the validator makes of JSON is not JSON. */
export interface RawContent {
  readonly items?: unknown;
  readonly attachments?: unknown;
}

export type FilingFlaw = 'service' | 'endpoint' | 'recheck';

/** What is asked for, by the snapshot: a service that there is, and a way to ask again that leads to the same endpoint. */
export function filingRequestOf(
  form: FilingForm,
  { items, attachments }: RawContent,
  view: RegistryView,
): Result<FilingRequest, FilingFlaw> {
  const service = parseServiceId(form.service);
  const entry = service.ok ? view.service(service.value) : undefined;
  if (!service.ok || entry === undefined) return refuse('service');
  if (!entry.endpoints.some(({ endpoint }) => endpoint === form.endpoint)) return refuse('endpoint');
  const { correctionId = newExchangeId(), kind, endpoint, exchangeId, subject, language, profile, recheck } = form;
  if (recheck !== undefined && !leadsTo(endpoint, entry, recheckTarget(service.value, recheck)))
    return refuse('recheck');
  return ok({
    ...{ correctionId, kind, service: service.value, endpoint, exchangeId, subject, language, items },
    ...(profile === undefined ? {} : { profile }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(recheck === undefined ? {} : { recheck: { path: recheck.path, query: recheck.query } }),
  });
}

function leadsTo(endpoint: string, entry: AccessService, raw: string): boolean {
  const target = parseTarget(raw);
  return target.ok && matchEndpoint(entry, 'GET', target.value.path)?.endpoint === endpoint;
}

/** The raw `/r1` target of a verification read. */
export function recheckTarget(service: string, { path, query }: Recheck): string {
  return `/r1/${service}${path}${query === undefined ? '' : `?${query}`}`;
}
