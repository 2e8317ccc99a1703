import { subsystemOf, type ServiceId, type SubsystemId } from '#kernel';
import type { CaseItem, CaseKind } from './record.js';

/** What the registry says of data elements. */
export interface ElementDirectory {
  /** Who owns a registered element; undefined if it is not registered, or names no owner. */
  readonly ownerOf: (elementId: string) => SubsystemId | undefined;
  /** Whether the person states it themselves in the portal (E18). */
  readonly isSelfDeclared: (elementId: string) => boolean;
}

/** Why an item goes where it goes. */
export type RoutingRule = 'element-owner' | 'service-owner' | 'self-declared' | 'copy-holder';

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
  readonly portal: SubsystemId;
  readonly items: readonly Pick<CaseItem, 'elementId'>[];
}

/**
 * Who is asked about which items (`corrections.md` §4, E17): the owner of the element, which may be another body than the
 * service's; the service's owner where none is known; the portal for what the person states there themselves; who answered
 * with the copy if only that is stale. More than one part: the case is split. In the order of each owner's first item.
 */
export function routeItems(request: RoutedCase, elements: ElementDirectory): RoutedPart[] {
  const routed = request.items.map(({ elementId }, item) => ({ item, ...routeOf(elementId, request, elements) }));
  const byOwner = Map.groupBy(routed, ({ owner }) => owner);
  return [...byOwner].map(([owner, items]) => ({ owner, items: items.map(({ item, rule }) => ({ item, rule })) }));
}

function routeOf(
  elementId: string | undefined,
  { kind, service, portal }: RoutedCase,
  elements: ElementDirectory,
): { readonly owner: SubsystemId; readonly rule: RoutingRule } {
  const provider = subsystemOf(service);
  if (kind === 'COPY_STALE') return { owner: provider, rule: 'copy-holder' };
  if (elementId === undefined) return { owner: provider, rule: 'service-owner' };
  if (elements.isSelfDeclared(elementId)) return { owner: portal, rule: 'self-declared' };
  const owner = elements.ownerOf(elementId);
  return owner === undefined ? { owner: provider, rule: 'service-owner' } : { owner, rule: 'element-owner' };
}
