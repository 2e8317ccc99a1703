import { z } from 'zod';
import { registerInstanceId, registerSubsystemId, type InstanceId, type SubsystemId } from '#kernel';
import { issuer } from './issuer.js';
import { code } from './member-document.js';

const localised = z.record(z.string(), z.string());
const instance = z.custom<InstanceId>((text) => typeof text === 'string' && registerInstanceId(text).ok);
const subsystem = z.custom<SubsystemId>((text) => typeof text === 'string' && registerSubsystemId(text).ok);
const topic = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/);

/** The registry's part of the snapshot, and every member's own document as it was signed (`bus.md` §6). */
export const snapshotSchema = z.strictObject({
  v: z.literal(1),
  instance: z.string(),
  /** Rises only with content. */
  number: z.number().int().positive(),
  purposes: z.array(z.strictObject({ code, title: localised, legalBasis: code })),
  legalBases: z.array(z.strictObject({ code, title: localised, reference: z.string() })),
  /** OpenID Connect issuers who say who acts; a snapshot from before there were any has none. */
  issuers: z.array(issuer).default([]),
  /** Data elements and who owns them; where they stand is in the members' own documents. None in a snapshot from before. */
  elements: z
    .array(z.strictObject({ id: code, owner: subsystem, title: localised, selfDeclared: z.boolean() }))
    .max(10_000)
    .default([]),
  /** What the operator has stopped: a member, subsystem or service, or one endpoint of a service. */
  suspensions: z
    .array(z.strictObject({ of: z.string(), endpoint: z.string().optional(), reason: z.string().min(1).max(500) }))
    .max(10_000)
    .default([]),
  logs: z.array(
    z.strictObject({
      origin: z.string(),
      vkey: z.string(),
      shard: z.number().int(),
      state: z.enum(['open', 'closed']),
    }),
  ),
  /** Gateways serve consumers, connectors providers; `reply` is set for a gateway (and the registry, for its receipts). */
  instances: z.array(
    z.strictObject({
      id: instance,
      kind: z.enum(['gateway', 'connector', 'audit', 'feedback', 'registry']),
      runBy: z.string(),
      serves: z.array(subsystem),
      reply: topic.optional(),
    }),
  ),
  /** Topics of each subsystem; a connector's are there once the subsystem has services. */
  topics: z.record(
    z.string(),
    z.strictObject({
      request: z.strictObject({ name: topic, partitions: z.number().int().positive() }),
      receipt: topic,
      dead: topic,
    }),
  ),
  /** What feedback delivers to each subsystem, and what of it cannot be read; none in a snapshot from before. */
  corrections: z.record(z.string(), z.strictObject({ topic, dead: topic })).default({}),
  /**
   * Who takes whose place from when on, for good (E56). Absent where there are none: then the bytes are those that readers
   * from before know. `grantedBy`: whether the former itself has signed it, in this snapshot or an earlier one.
   */
  successions: z
    .array(
      z.strictObject({
        former: subsystem,
        successor: subsystem,
        since: z.iso.datetime(),
        grantedBy: z.enum(['member', 'operators']),
      }),
    )
    .min(1)
    .max(10_000)
    .optional(),
  members: z
    .array(
      z.strictObject({
        id: z.string(),
        /** JWS by the newest key of the chain. */
        document: z.string(),
        /** JWS per key since the first: {v, member, number, key}; each signed by one that was valid before, the first by itself. */
        keyChain: z.array(z.string()).min(1),
      }),
    )
    // Two documents of one member would count together.
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, { message: 'holds a member twice' }),
});
export type Snapshot = z.infer<typeof snapshotSchema>;
