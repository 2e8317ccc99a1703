import { subsystemOf, type SubsystemId } from '#kernel';
import { ownerOfDatum, type RegistryView } from '#snapshot';
import type { CopiedRequest } from './portal-copy.js';

/** Why a request is not sealed for somebody: the registry does not know them, they succeed nobody, or somebody else. */
export type AlienSuccessor = 'subsystem-unknown' | 'succeeds-nobody' | 'succeeds-another';

/**
 * Whether this gateway's own registry says that `target` stands in the place of this request's owner: whom it was filed
 * with or, since an owner may have transferred it, the holder of all of its data or who answered with them, which is all
 * whom a transfer may reach. Undefined: they do. Who asks for it is believed nothing.
 */
export function alienSuccessor(
  { owner, service, content }: CopiedRequest,
  target: SubsystemId,
  view: RegistryView,
  nowMs: number,
): AlienSuccessor | undefined {
  if (view.subsystem(target) === undefined) return 'subsystem-unknown';
  const { successors } = view;
  if (successors.formersOf(target, nowMs).length === 0) return 'succeeds-nobody';
  const owners = content.items.map(({ element }) => ownerOfDatum(view, service, element).owner);
  const holders = new Set(owners).size === 1 ? owners : [];
  const lawful = [owner, subsystemOf(service), ...holders];
  return lawful.some((id) => successors.resolve(id, nowMs) === target) ? undefined : 'succeeds-another';
}
