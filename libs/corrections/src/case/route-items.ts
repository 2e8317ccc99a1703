import { subsystemOf, type ServiceId, type SubsystemId } from '#kernel';
import { ownerOfDatum, type OwnerOfDatum, type RegistryView } from '#snapshot';
import type { CaseItem, CaseKind } from './record.js';

/** Why an item goes where it goes. */
export type RoutingRule = OwnerOfDatum['rule'] | 'copy-holder';

export interface RoutedItem {
  /** Its place in the case's items. */
  readonly item: number;
  readonly rule: RoutingRule;
}

export interface RoutedPart {
  readonly owner: SubsystemId;
  readonly items: readonly RoutedItem[];
}

/** What of a case says where its items go. */
export interface RoutedCase {
  readonly kind: CaseKind;
  readonly service: ServiceId;
  readonly items: readonly Pick<CaseItem, 'elementId'>[];
}

/**
 * Who is asked about which items (`corrections.md` §4, E17): the owner of the element, which may be another body than the
 * service's, and for what people state themselves (E18) is the portal where they do, whichever portal files; the service's
 * owner where none is registered; who answered with the copy if only that is stale. More than one part: the case is split.
 * In the order of each owner's first item.
 */
export function routeItems(request: RoutedCase, registry: RegistryView): RoutedPart[] {
  const routed = request.items.map(({ elementId }, item) => ({ item, ...routeOf(elementId, request, registry) }));
  const byOwner = Map.groupBy(routed, ({ owner }) => owner);
  return [...byOwner].map(([owner, items]) => ({ owner, items: items.map(({ item, rule }) => ({ item, rule })) }));
}

function routeOf(
  elementId: string | undefined,
  { kind, service }: RoutedCase,
  registry: RegistryView,
): { readonly owner: SubsystemId; readonly rule: RoutingRule } {
  if (kind === 'COPY_STALE') return { owner: subsystemOf(service), rule: 'copy-holder' };
  return ownerOfDatum(registry, service, elementId);
}
