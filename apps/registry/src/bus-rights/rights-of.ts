import { fixedTopics, principalOf, type BusRight } from '#contracts';
import type { InstanceId } from '#kernel';
import type { Snapshot } from '#snapshot';

type Instance = Snapshot['instances'][number];
type Right = Omit<BusRight, 'principal'>;

/**
 * Who may read and write what: the table of `design.md` §5 for the instances of a snapshot, one principal each, and the
 * consumer groups that their readers need. Whoever may write to every topic of a kind gets it by what their names begin
 * with, so that the lists grow with the instances and not with their square. Nobody here reads dead letters: that is the
 * operator's, who needs no list.
 */
export function rightsOf(snapshot: Snapshot): BusRight[] {
  return snapshot.instances.flatMap((instance) => {
    const principal = principalOf(instance.id);
    return [...shared(instance), ...OF_KIND[instance.kind](instance, snapshot)].map((right) => ({
      principal,
      ...right,
    }));
  });
}

/** Before a definition names any audit: those that the operator named to the registry may answer its first manifest. */
export function rightsOfFirst(snapshot: Snapshot, auditIds: readonly InstanceId[]): BusRight[] {
  if (snapshot.instances.some(({ kind }) => kind === 'audit')) return rightsOf(snapshot);
  const audits = auditIds.map((id): Instance => ({ id, kind: 'audit', runBy: 'operator', serves: [] }));
  return rightsOf({ ...snapshot, instances: [...snapshot.instances, ...audits] });
}

const { snapshot: SNAPSHOT, stamp, checkpoints, deadAudit, opening, openingKey, unopened, deadFeedback } = fixedTopics;

/** Every app follows the registry, may see the checkpoints, and states what it does. */
function shared({ id, kind }: Instance): Right[] {
  return [
    write(stamp.name),
    read(checkpoints.name),
    ...(kind === 'registry' ? [] : [read(SNAPSHOT.name)]),
    ...(kind === 'registry' || kind === 'audit' ? [] : [groups(`registry-copy.${dotted(id)}.`)]),
  ];
}

const OF_KIND: Readonly<Record<Instance['kind'], (instance: Instance, snapshot: Snapshot) => Right[]>> = {
  registry: (instance) => [
    write(SNAPSHOT.name),
    ...ownReplies(instance),
    groups('registry.'),
    // It makes the topics, and has to see which ones there are.
    { on: 'topic', name: '*', isPrefix: false, to: 'describe' },
  ],
  audit: () => [
    read(stamp.name),
    write(checkpoints.name),
    writeAll('reply.'),
    writeAll('receipt.'),
    write(deadAudit.name),
    groups('audit.'),
  ],
  feedback: (instance) => [
    ...ownReplies(instance),
    read(opening.name),
    write(openingKey.name),
    write(unopened.name),
    writeAll('correction.'),
    write(deadFeedback.name),
    groups(`feedback.opening.${dotted(instance.id)}.`),
  ],
  gateway: (instance) => [
    ...ownReplies(instance),
    writeAll('request.'),
    ...openings(instance),
    read(unopened.name),
    ...(instance.reply === undefined ? [] : [groups(`${instance.reply}.`)]),
    group(`unopened.${dotted(instance.id)}`),
  ],
  connector: (instance, snapshot) => [
    writeAll('reply.'),
    ...openings(instance),
    ...instance.serves.flatMap((subsystem) => served(instance, subsystem, snapshot)),
  ],
};

/** What a connector may for a subsystem that it serves: read what is sent to it, and bury what cannot be read. */
function served({ id }: Instance, subsystem: string, { topics, corrections }: Snapshot): Right[] {
  const provider = Object.hasOwn(topics, subsystem) ? topics[subsystem] : undefined;
  const deliveries = Object.hasOwn(corrections, subsystem) ? corrections[subsystem] : undefined;
  const dead = new Set([provider?.dead, deliveries?.dead].filter((name) => name !== undefined));
  return [
    ...(provider === undefined
      ? []
      : [
          read(provider.request.name),
          group(`connector.${provider.request.name}`),
          read(provider.receipt),
          groups(`connector.${provider.receipt}.${dotted(id)}.`),
        ]),
    ...(deliveries === undefined
      ? []
      : [
          read(deliveries.topic),
          group(`connector.${deliveries.topic}`),
          groups(`connector.${deliveries.topic}.flags.${dotted(id)}.`),
        ]),
    ...[...dead].map((name) => write(name)),
  ];
}

function ownReplies({ reply }: Instance): Right[] {
  return reply === undefined ? [] : [read(reply)];
}

/** Sealing for feedback takes its key of the day. */
function openings({ id }: Instance): Right[] {
  return [write(opening.name), read(openingKey.name), groups(`opening-key.${dotted(id)}.`)];
}

function read(name: string): Right {
  return { on: 'topic', name, isPrefix: false, to: 'read' };
}

function write(name: string): Right {
  return { on: 'topic', name, isPrefix: false, to: 'write' };
}

function writeAll(prefix: string): Right {
  return { on: 'topic', name: prefix, isPrefix: true, to: 'write' };
}

function group(name: string): Right {
  return { on: 'group', name, isPrefix: false, to: 'read' };
}

function groups(prefix: string): Right {
  return { on: 'group', name: prefix, isPrefix: true, to: 'read' };
}

/** As the apps write identifiers into the names of their groups. */
function dotted(id: string): string {
  return id.replaceAll('/', '.');
}
