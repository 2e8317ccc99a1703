import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../definition/differences.js';
import type { PatchEntry } from './definition-patch.js';

/** By which a provider says in its own document that it grants nothing by an agreement, or serves nothing by a service. */
const NOTICES = new Map<unknown, string>([
  ['agreement', 'stopped'],
  ['service', 'disabled'],
]);

/**
 * Whether a request does nothing but stop agreements or services that went on until now. A provider may do so alone and at
 * once (E43): it takes nothing but what is its own to give. Taking a notice away, or changing one, is no stop.
 */
export function isOnlyStop(changes: readonly Change[], patch: readonly PatchEntry[]): boolean {
  const isNotice = ({ op, kind, detail }: Change) => op === 'change' && detail === NOTICES.get(kind);
  return changes.length > 0 && changes.every(isNotice) && patch.length > 0 && patch.every(isMemberStopping);
}

/** The member as it is to be, without the notices that it did not have, is the member as it was. */
function isMemberStopping({ list, was, now }: PatchEntry): boolean {
  if (list !== 'members' || was === undefined || now === undefined) return false;
  const old = listOf(was, 'subsystems');
  const subsystems = listOf(now, 'subsystems').map((subsystem, at) => ({
    ...subsystem,
    ...withoutNew(subsystem, old[at], 'agreements', 'stopped'),
    ...withoutNew(subsystem, old[at], 'services', 'disabled'),
  }));
  return isDeepStrictEqual({ ...now, subsystems }, was);
}

type Item = Readonly<Record<string, unknown>>;

function withoutNew(subsystem: Item, old: Item | undefined, list: string, notice: string): Item {
  if (subsystem[list] === undefined) return {};
  const before = listOf(old, list);
  const items = listOf(subsystem, list).map((item, at) => {
    if (before[at] === undefined || Object.hasOwn(before[at], notice)) return item;
    return Object.fromEntries(Object.entries(item).filter(([name]) => name !== notice));
  });
  return { [list]: items };
}

function listOf(item: Item | undefined, name: string): readonly Item[] {
  const list = item?.[name];
  return Array.isArray(list) ? (list as readonly Item[]) : [];
}
