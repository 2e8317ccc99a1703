import {
  correctionTopic,
  deadTopic,
  fixedTopics,
  receiptTopic,
  replyTopic,
  requestTopic,
  type TopicSpec,
} from '#contracts';
import type { MemberEntry } from './digest-list.js';
import type { InstanceDefinition } from './definition-schema.js';
import type { MemberDocument } from './member-document.js';
import { snapshotSchema, type Snapshot } from './snapshot.js';
import { grantedSuccessions } from './succession.js';

export interface SnapshotParts {
  readonly number: number;
  readonly definition: InstanceDefinition;
  /** Verified documents and the entries that carry them, of the same members. */
  readonly members: readonly { readonly document: MemberDocument; readonly entry: MemberEntry }[];
  readonly logs: Snapshot['logs'];
  /** Successions of the snapshot before: what a member granted stays granted by it when it has left. */
  readonly standing?: Snapshot['successions'];
}

/** The snapshot of a definition and its members' signed documents; deterministic, so equal content has equal bytes. */
export function buildSnapshot(parts: SnapshotParts): Snapshot {
  const { definition, members } = parts;
  const subsystems = members
    .flatMap(({ document }) => document.subsystems)
    .map(({ id, services }) => ({ id: id, isProvider: services.length > 0 }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const providers = subsystems.filter(({ isProvider }) => isProvider).map(({ id }) => id);
  return snapshotSchema.parse({
    v: 1,
    instance: definition.instance,
    number: parts.number,
    purposes: definition.purposes,
    legalBases: definition.legalBases,
    issuers: definition.issuers,
    elements: definition.elements.map((entry) => ({ ...entry, owner: `${definition.instance}/${entry.owner}` })),
    suspensions: definition.suspensions.map((entry) => ({ ...entry, of: `${definition.instance}/${entry.of}` })),
    logs: parts.logs,
    instances: definition.instances.map((entry) => {
      const id = `${definition.instance}/${entry.id}`;
      return {
        id,
        kind: entry.kind,
        runBy: `${definition.instance}/${entry.runBy}`,
        serves: entry.serves.map((subsystem) => `${definition.instance}/${subsystem}`),
        ...(entry.kind === 'gateway' || entry.kind === 'registry' || entry.kind === 'feedback'
          ? { reply: replyTopic(id).name }
          : {}),
      };
    }),
    topics: Object.fromEntries(
      providers.map((id) => {
        const request = requestTopic(id);
        return [
          id,
          {
            request: { name: request.name, partitions: request.partitions },
            receipt: receiptTopic(id).name,
            dead: deadTopic(id).name,
          },
        ];
      }),
    ),
    corrections: Object.fromEntries(
      subsystems.map(({ id }) => [id, { topic: correctionTopic(id).name, dead: deadTopic(id).name }]),
    ),
    ...grantedSuccessions(
      definition,
      members.map(({ document }) => document),
      parts.standing ?? [],
    ),
    members: members.map(({ entry }) => entry),
  });
}

/** Every topic that must exist before a snapshot that names it is published. */
export function topicSpecsOf(snapshot: Snapshot): TopicSpec[] {
  return [
    ...Object.values(fixedTopics),
    ...snapshot.instances.filter((entry) => entry.reply !== undefined).map((entry) => replyTopic(entry.id)),
    ...Object.entries(snapshot.topics).flatMap(([id, topics]) => [
      requestTopic(id, topics.request.partitions),
      receiptTopic(id),
      deadTopic(id),
    ]),
    ...Object.keys(snapshot.corrections).flatMap((id) => [
      correctionTopic(id),
      // A provider has one already.
      ...(Object.hasOwn(snapshot.topics, id) ? [] : [deadTopic(id)]),
    ]),
  ];
}
