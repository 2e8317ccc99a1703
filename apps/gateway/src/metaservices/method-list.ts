import { allowedEndpoints } from '#access';
import { serviceId, type SubsystemId } from '#kernel';
import type { RegistryView, ServiceEntry, SubsystemEntry } from '#snapshot';

interface ListedService {
  readonly object_type: 'SERVICE';
  readonly service_type: 'REST' | 'OPENAPI';
  readonly xroad_instance: string;
  readonly member_class: string;
  readonly member_code: string;
  readonly subsystem_code: string;
  readonly service_code: string;
  readonly endpoint_list: readonly { readonly method: string; readonly path: string }[];
}

/** `listMethods`: all services of a provider, with all registered endpoints. Metaservices never list themselves. */
export function listedServices(provider: SubsystemEntry): ListedService[] {
  return provider.services.map((service) =>
    listed(
      provider.id,
      service,
      service.endpoints.map(({ endpoint }) => endpoint),
    ),
  );
}

/** `allowedMethods`: the services that the consumer may call now, with the endpoints that it may call. */
export function allowedServices(
  view: RegistryView,
  provider: SubsystemEntry,
  consumer: SubsystemId,
  atMs: number,
): ListedService[] {
  return provider.services.flatMap((service) => {
    const endpoints = allowedEndpoints(view, consumer, serviceId(provider.id, service.code), atMs);
    return endpoints.length === 0 ? [] : [listed(provider.id, service, endpoints)];
  });
}

/** `endpoint_list` is always there, even empty: X-Road Catalog's collector breaks without it. */
function listed(provider: SubsystemId, service: ServiceEntry, endpoints: readonly string[]): ListedService {
  const [xroad_instance = '', member_class = '', member_code = '', subsystem_code = ''] = provider.split('/');
  return {
    object_type: 'SERVICE',
    service_type: service.openapi === undefined ? 'REST' : 'OPENAPI',
    xroad_instance,
    member_class,
    member_code,
    subsystem_code,
    service_code: service.code,
    endpoint_list: endpoints.map(globbed),
  };
}

/** `GET /{pin}` as X-Road writes it: `{method: 'GET', path: '/*'}`. */
function globbed(endpoint: string): { method: string; path: string } {
  const space = endpoint.indexOf(' ');
  return { method: endpoint.slice(0, space), path: endpoint.slice(space + 1).replaceAll(/\{[^{}/]+\}/g, '*') };
}
