import { credentialName, type MemberDocument, type Snapshot } from '#snapshot';

export const CHANGE_KINDS = [
  'member',
  'subsystem',
  'key',
  'credential',
  'service',
  'agreement',
  'purpose',
  'legalBasis',
  'issuer',
  'element',
  'succession',
  'suspension',
  'instance',
  'officer',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One line of what applying a definition does. */
export interface Change {
  readonly op: 'add' | 'change' | 'remove';
  readonly kind: ChangeKind;
  readonly id: string;
  /** Names of the parts that changed. */
  readonly detail?: string;
  /** Whose it is, where its identifier does not tell: keys of an instance stand in the document of who runs it. */
  readonly of?: string;
}

/** What a snapshot says, apart from its number: the parts that can differ. */
export interface Content {
  readonly snapshot: Pick<
    Snapshot,
    'purposes' | 'legalBases' | 'issuers' | 'elements' | 'successions' | 'suspensions' | 'instances'
  >;
  readonly documents: readonly MemberDocument[];
}

interface Item {
  readonly kind: ChangeKind;
  readonly id: string;
  readonly of?: string;
  readonly parts: Readonly<Record<string, unknown>>;
}

/** Every difference between two contents, by kind and identifier; empty means that nothing would be published. */
export function differences(before: Content, after: Content): Change[] {
  const old = itemsOf(before);
  const wanted = itemsOf(after);
  const kept = [...wanted].flatMap(([key, item]): Change[] => {
    const previous = old.get(key);
    if (previous === undefined) return [{ op: 'add', ...nameOf(item) }];
    const changed = changedParts(previous.parts, item.parts);
    return changed.length === 0 ? [] : [{ op: 'change', ...nameOf(item), detail: changed.join(', ') }];
  });
  const gone = [...old].filter(([key]) => !wanted.has(key));
  return [...kept, ...gone.map(([, item]): Change => ({ op: 'remove', ...nameOf(item) }))];
}

function nameOf({ kind, id, of }: Item): Pick<Change, 'kind' | 'id' | 'of'> {
  return { kind, id, ...(of === undefined ? {} : { of }) };
}

function itemsOf({ snapshot, documents }: Content): Map<string, Item> {
  const items = [
    ...snapshot.legalBases.map(({ code, ...parts }) => item('legalBasis', code, parts)),
    ...snapshot.purposes.map(({ code, ...parts }) => item('purpose', code, parts)),
    ...snapshot.issuers.map(({ issuer, ...parts }) => item('issuer', issuer, parts)),
    ...snapshot.elements.map(({ id, ...parts }) => item('element', id, parts)),
    ...(snapshot.successions ?? []).map(({ former, ...parts }) => item('succession', former, parts)),
    ...snapshot.suspensions.map(({ of, endpoint, reason }) =>
      item('suspension', endpoint === undefined ? of : `${of} ${endpoint}`, { reason }),
    ),
    ...documents.flatMap(memberItems),
    ...snapshot.instances.map(({ id, ...parts }) => item('instance', id, parts)),
  ];
  return new Map(items.map((entry) => [`${entry.kind} ${entry.id}`, entry]));
}

function memberItems(document: MemberDocument): Item[] {
  const keys = (owner: string, list: MemberDocument['subsystems'][number]['keys']) =>
    list.map(({ kid, ...parts }) => item('key', `${owner}#${kid}`, parts));
  return [
    item('member', document.member, { name: document.name }),
    ...document.instances.flatMap((entry) =>
      keys(entry.id, entry.keys).map((key): Item => ({ ...key, of: document.member })),
    ),
    ...document.subsystems.flatMap((subsystem) => [
      item('subsystem', subsystem.id, { name: subsystem.name }),
      ...keys(subsystem.id, subsystem.keys),
      ...(subsystem.credentials ?? []).map((credential) =>
        item('credential', `${subsystem.id}#${credentialName(credential)}`, { ...credential }),
      ),
      ...subsystem.services.map(({ code, ...parts }) => item('service', `${subsystem.id}/${code}`, parts)),
      ...agreementItems(subsystem),
    ]),
  ];
}

/** A consumer may have several agreements on a service; they are told apart by their order. */
function agreementItems(subsystem: MemberDocument['subsystems'][number]): Item[] {
  const seen = new Map<string, number>();
  return subsystem.agreements.map(({ consumer, service, ...parts }) => {
    const name = `${consumer} → ${subsystem.id}/${service}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return item('agreement', count === 1 ? name : `${name} (${count})`, parts);
  });
}

function item(kind: ChangeKind, id: string, parts: Readonly<Record<string, unknown>>): Item {
  return { kind, id, parts };
}

function changedParts(before: Item['parts'], after: Item['parts']): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
