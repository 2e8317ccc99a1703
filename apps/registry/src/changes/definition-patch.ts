import { isDeepStrictEqual } from 'node:util';
import { ok, refuse, type Result } from '#kernel';
import type { InstanceDefinition } from '#snapshot';

type Item = Readonly<Record<string, unknown>>;

/** What names an item within its list of the definition. */
const KEYS = {
  purposes: ['code'],
  legalBases: ['code'],
  issuers: ['issuer'],
  members: ['id'],
  elements: ['id'],
  elementPlaces: ['service', 'endpoint', 'pointer'],
  suspensions: ['of', 'endpoint'],
  successions: ['former'],
  officers: ['person', 'issuer', 'role', 'of'],
  instances: ['id'],
} as const satisfies Record<Exclude<keyof InstanceDefinition, '$schema' | 'instance'>, readonly string[]>;
export type ListName = keyof typeof KEYS;
const LISTS = Object.keys(KEYS) as ListName[];

/** One item before and after; absent: it is not there. A member counts as one item, since it signs one document. */
export interface PatchEntry {
  readonly list: ListName;
  readonly was?: Item;
  readonly now?: Item;
}

/** What a caller asks for beside whole definitions: items to put, whether new or not, and items to take away. */
export type ListPatch = Partial<
  Readonly<Record<ListName, { readonly put?: readonly Item[]; readonly remove?: readonly Item[] }>>
>;

/** As it is stored and compared: without what JSON cannot say, officers always there. */
export type DefinitionBody = Readonly<Record<string, unknown>> & { readonly [List in ListName]: readonly Item[] };

export function bodyOf(definition: InstanceDefinition, officers: InstanceDefinition['officers'] = []): DefinitionBody {
  return JSON.parse(
    JSON.stringify({ ...definition, $schema: undefined, officers: definition.officers ?? officers }),
  ) as DefinitionBody;
}

/** Everything that another definition says otherwise. */
export function patchBetween(before: DefinitionBody, after: DefinitionBody): PatchEntry[] {
  return LISTS.flatMap((list) => {
    const old = byName(list, before[list]);
    const wanted = byName(list, after[list]);
    return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((name): PatchEntry[] => {
      const [was, now] = [old.get(name), wanted.get(name)];
      return isDeepStrictEqual(was, now) ? [] : [entry(list, was, now)];
    });
  });
}

/**
 * The definition with these items changed. Refused where an item is not any more what it was when the change was asked
 * for: who asked and who approves have not seen what it would do now.
 */
export function patched(
  body: DefinitionBody,
  patch: readonly PatchEntry[],
): Result<DefinitionBody, readonly PatchEntry[]> {
  const moved = patch.filter(({ list, was, now }) => {
    const name = nameOf(list, was ?? now ?? {});
    return !isDeepStrictEqual(byName(list, body[list]).get(name), was);
  });
  if (moved.length > 0) return refuse(moved);
  return ok(
    LISTS.reduce(
      (next, list) =>
        replaced(
          next,
          list,
          patch.filter((change) => change.list === list),
        ),
      body,
    ),
  );
}

/** The entries of what a caller asks for, against what stands. */
export function entriesOf(body: DefinitionBody, wanted: ListPatch): PatchEntry[] {
  return LISTS.flatMap((list) => {
    const standing = byName(list, body[list]);
    const { put = [], remove = [] } = wanted[list] ?? {};
    return [
      ...put.map((now) => entry(list, standing.get(nameOf(list, now)), now)),
      ...remove.map((item) => entry(list, standing.get(nameOf(list, item)), undefined)),
    ].filter(({ was, now }) => !isDeepStrictEqual(was, now));
  });
}

function replaced(body: DefinitionBody, list: ListName, patch: readonly PatchEntry[]): DefinitionBody {
  if (patch.length === 0) return body;
  const items = byName(list, body[list]);
  for (const { was, now } of patch) {
    if (now === undefined) items.delete(nameOf(list, was ?? {}));
    else items.set(nameOf(list, now), now);
  }
  return { ...body, [list]: [...items.values()] };
}

function byName(list: ListName, items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [nameOf(list, item), item]));
}

function nameOf(list: ListName, item: Item): string {
  return JSON.stringify(KEYS[list].map((key) => item[key] ?? null));
}

function entry(list: ListName, was: Item | undefined, now: Item | undefined): PatchEntry {
  return { list, ...(was === undefined ? {} : { was }), ...(now === undefined ? {} : { now }) };
}
