import { Injectable } from '@nestjs/common';
import { serviceId, toBase64 } from '#kernel';
import { xroadRequestHash } from '#signing';
import type { RegistryView, SubsystemEntry } from '#snapshot';
import { xRoadHeaders } from '../edge/answer-head.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { signedHeaders, type ExchangeRequest, type HeaderField } from '../exchange/exchange.js';
import { Rights } from '../rights/rights.js';
import { rightsErrors } from '../rights/rights.errors.js';
import { metaserviceErrors } from './metaservices.errors.js';
import { allowedServices, listedServices } from './method-list.js';
import { OpenApiDocuments } from './openapi-documents.service.js';
import { withoutServers } from './openapi-servers.js';

export interface MetaserviceAnswer {
  readonly status: 200;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
}

const CODES: ReadonlySet<string> = new Set(['listMethods', 'allowedMethods', 'getOpenAPI']);
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * X-Road's metaservices under `/r1` (`exchange.md` §2.8), answered from the snapshot: no exchange, no statement, no
 * connector and no agreement needed. It tells nothing that is not in the registry's public catalogue.
 */
@Injectable()
export class Metaservices {
  constructor(
    private readonly rights: Rights,
    private readonly documents: OpenApiDocuments,
  ) {}

  /** The answer if the request is a metaservice's: only GET is, everything else is a service like any other. */
  async answer(request: ExchangeRequest): Promise<MetaserviceAnswer | undefined> {
    if (request.method !== 'GET' || !CODES.has(request.target.serviceCode)) return undefined;
    const view = this.rights.current();
    if (view === undefined) throw exchangeErrors.error('registry-expired');
    const provider = view.subsystem(request.target.provider);
    if (provider === undefined) throw rightsErrors.error('unknown-provider');
    const { contentType, text } = await this.content(request, view, provider);
    const hash = xroadRequestHash({
      method: request.method,
      target: request.target.raw,
      headers: signedHeaders(request),
      // A metaservice's hash covers the head only (§2.5).
      body: Buffer.alloc(0),
    });
    const headers = [{ name: 'Content-Type', value: contentType }, ...xRoadHeaders(request, toBase64(hash))];
    return { status: 200, headers, body: Buffer.from(text) };
  }

  private async content(
    request: ExchangeRequest,
    view: RegistryView,
    provider: SubsystemEntry,
  ): Promise<{ contentType: string; text: string }> {
    switch (request.target.serviceCode) {
      case 'listMethods':
        return { contentType: JSON_TYPE, text: JSON.stringify({ service: listedServices(provider) }) };
      case 'allowedMethods': {
        const service = allowedServices(view, provider, request.consumer, request.receivedAtMs);
        return { contentType: JSON_TYPE, text: JSON.stringify({ service }) };
      }
      default:
        return this.openApi(request, view, provider);
    }
  }

  private async openApi(
    request: ExchangeRequest,
    view: RegistryView,
    provider: SubsystemEntry,
  ): Promise<{ contentType: string; text: string }> {
    const [code, ...more] = new URLSearchParams(request.target.query ?? '').getAll('serviceCode');
    if (code === undefined || code === '' || more.length > 0) throw metaserviceErrors.error('service-code-missing');
    const service = view.service(serviceId(provider.id, code));
    if (service === undefined) throw rightsErrors.error('unknown-service');
    if (service.openapi === undefined) throw metaserviceErrors.error('openapi-missing');
    const document = await this.documents.get(service.openapi);
    const text = withoutServers(document.text);
    if (text === undefined) throw metaserviceErrors.error('openapi-missing');
    return { contentType: document.contentType, text };
  }
}
