import { serviceId, subsystemOf, type ServiceId, type SubsystemId } from '#kernel';
import { byCloseness, covers, tokensOf } from './pointer-pattern.js';
import type { RegistryView } from './registry-view.js';
import type { Snapshot } from './snapshot.js';

/** What a citizen can ask to have corrected, with the subsystem that decides about it. */
export type DataElement = Snapshot['elements'][number];

/** Where an element stands in an endpoint's answers. */
export interface ElementPlace {
  readonly element: string;
  /** Pointer pattern: `*` is any item of a list. */
  readonly pointer: string;
}

/** An endpoint whose answers hold an element. */
export interface EndpointPlace {
  readonly service: ServiceId;
  readonly endpoint: string;
  readonly pointer: string;
}

/** Who has to answer for a datum, and by which rule (`corrections.md` §4). */
export type OwnerOfDatum =
  /** Self-declared: the owner is the portal into which people wrote it themselves (E18), whichever one asks. */
  | { readonly rule: 'element-owner' | 'self-declared'; readonly owner: SubsystemId; readonly element: DataElement }
  /** Nothing registered stands there: whoever answered has to know. */
  | { readonly rule: 'service-owner'; readonly owner: SubsystemId };

interface ElementIndex {
  readonly elements: ReadonlyMap<string, DataElement>;
  readonly byEndpoint: ReadonlyMap<string, readonly (ElementPlace & { readonly tokens: readonly string[] })[]>;
  readonly byElement: ReadonlyMap<string, readonly EndpointPlace[]>;
}

/** Made at the first question about a snapshot, and gone with it; bounded by what a snapshot may hold. */
const indexes = new WeakMap<RegistryView, ElementIndex>();

/** Every place of an element in an endpoint's answers; none for an endpoint that is not there. */
export function elementsOf(snapshot: RegistryView, service: ServiceId, endpoint: string): readonly ElementPlace[] {
  return indexOf(snapshot).byEndpoint.get(endpointKey(service, endpoint)) ?? [];
}

/**
 * The element that the value at a JSON pointer (RFC 6901) of an answer belongs to: that of the closest place at it or
 * around it. Undefined also for what is no pointer.
 */
export function elementAt(
  snapshot: RegistryView,
  service: ServiceId,
  endpoint: string,
  jsonPointer: string,
): string | undefined {
  const tokens = tokensOf(jsonPointer);
  if (tokens === undefined) return undefined;
  const places = indexOf(snapshot).byEndpoint.get(endpointKey(service, endpoint)) ?? [];
  const covering = places.filter((place) => covers(place.tokens, tokens));
  return covering.sort((one, other) => byCloseness(one.tokens, other.tokens))[0]?.element;
}

/** A registered element. A member's older document can name one that is registered no more. */
export function elementOf(snapshot: RegistryView, elementId: string): DataElement | undefined {
  return indexOf(snapshot).elements.get(elementId);
}

export function ownerOf(snapshot: RegistryView, elementId: string): SubsystemId | undefined {
  return elementOf(snapshot, elementId)?.owner;
}

/** Who owns the datum at a JSON pointer of an answer. */
export function ownerAt(
  snapshot: RegistryView,
  service: ServiceId,
  endpoint: string,
  jsonPointer: string,
): OwnerOfDatum {
  return ownerOfDatum(snapshot, service, elementAt(snapshot, service, endpoint, jsonPointer));
}

/** Who owns a datum in a service's answers: the owner of the element that it is, else of the service. */
export function ownerOfDatum(snapshot: RegistryView, service: ServiceId, elementId: string | undefined): OwnerOfDatum {
  const element = elementId === undefined ? undefined : elementOf(snapshot, elementId);
  if (element === undefined) return { rule: 'service-owner', owner: subsystemOf(service) };
  return { rule: element.selfDeclared ? 'self-declared' : 'element-owner', owner: element.owner, element };
}

/** All endpoints whose answers hold the element, for the question who received it. */
export function placesOf(snapshot: RegistryView, elementId: string): readonly EndpointPlace[] {
  return indexOf(snapshot).byElement.get(elementId) ?? [];
}

function indexOf(snapshot: RegistryView): ElementIndex {
  const known = indexes.get(snapshot);
  if (known !== undefined) return known;
  const made = makeIndex(snapshot);
  indexes.set(snapshot, made);
  return made;
}

function makeIndex(snapshot: RegistryView): ElementIndex {
  const byEndpoint = new Map<string, (ElementPlace & { readonly tokens: readonly string[] })[]>();
  const byElement = new Map<string, EndpointPlace[]>();
  for (const subsystem of snapshot.members().flatMap((member) => member.subsystems))
    for (const { code, endpoints } of subsystem.services)
      for (const { endpoint, elements = [] } of endpoints) {
        const service = serviceId(subsystem.id, code);
        const places = elements.map((place) => ({ ...place, tokens: tokensOf(place.pointer) ?? [] }));
        byEndpoint.set(endpointKey(service, endpoint), places);
        for (const { element, pointer } of elements) {
          const known = byElement.get(element);
          if (known === undefined) byElement.set(element, [{ service, endpoint, pointer }]);
          else known.push({ service, endpoint, pointer });
        }
      }
  return { elements: new Map(snapshot.elements.map((element) => [element.id, element])), byEndpoint, byElement };
}

function endpointKey(service: ServiceId, endpoint: string): string {
  return `${service} ${endpoint}`;
}
