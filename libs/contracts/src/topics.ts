import { hash } from 'node:crypto';

/** A topic as the registry records it in the snapshot and creates it; nobody else computes names (`bus.md` §1). */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  /** Bytes that a partition keeps at most; the oldest records go first. */
  readonly retentionBytes?: number;
  readonly compacted?: boolean;
  /** The broker stamps the time (`LogAppendTime`); request and stamp topics. */
  readonly brokerTime?: boolean;
  readonly maxMessageBytes?: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Topics that exist once per instance of the bus. */
export const fixedTopics = {
  snapshot: {
    name: 'registry.snapshot',
    partitions: 1,
    retentionMs: -1,
    compacted: true,
    maxMessageBytes: 16 * 1024 * 1024,
  },
  /** A statement has 8 KiB at most; the limit of the topic is one of whole batches, so intake itself refuses more. */
  stamp: { name: 'audit.stamp.0', partitions: 1, retentionMs: 7 * DAY, brokerTime: true },
  checkpoints: { name: 'audit.checkpoints', partitions: 1, retentionMs: 365 * DAY },
  /** Whoever may stamp can fill it, so it is bounded by bytes as well. */
  deadAudit: { name: 'dead.audit', partitions: 1, retentionMs: 28 * DAY, retentionBytes: 1024 * 1024 * 1024 },
  /** Openings of commitments, sealed for feedback; what is older than this nobody can open any more (`audit-log.md` §4.4). */
  opening: { name: 'feedback.opening', partitions: 3, retentionMs: 2 * DAY },
  /** Key with which openings are sealed today, announced by feedback; key = its instance id. */
  openingKey: { name: 'feedback.opening-key', partitions: 1, retentionMs: -1, compacted: true },
  /** Feedback asks for openings that have not come. */
  unopened: { name: 'feedback.unopened', partitions: 1, retentionMs: 2 * DAY },
  deadFeedback: { name: 'dead.feedback', partitions: 1, retentionMs: 2 * DAY, retentionBytes: 1024 * 1024 * 1024 },
} as const satisfies Record<string, TopicSpec>;

const MAX_INLINE_RECORD = 2 * 1024 * 1024;

export function requestTopic(subsystem: string, partitions = 3): TopicSpec {
  return {
    name: topicName('request', subsystem),
    partitions,
    retentionMs: 6 * HOUR,
    brokerTime: true,
    maxMessageBytes: MAX_INLINE_RECORD,
  };
}

export function replyTopic(instance: string): TopicSpec {
  return {
    name: topicName('reply', instance),
    partitions: 1,
    retentionMs: 15 * MINUTE,
    maxMessageBytes: MAX_INLINE_RECORD,
  };
}

export function receiptTopic(subsystem: string): TopicSpec {
  return { name: topicName('receipt', subsystem), partitions: 1, retentionMs: 15 * MINUTE };
}

/** What feedback delivers to a subsystem, sealed for it; one partition, because the order counts. */
export function correctionTopic(subsystem: string): TopicSpec {
  return {
    name: topicName('correction', subsystem),
    partitions: 1,
    retentionMs: 28 * DAY,
    maxMessageBytes: MAX_INLINE_RECORD,
  };
}

export function deadTopic(subsystem: string): TopicSpec {
  return {
    name: topicName('dead', subsystem),
    partitions: 1,
    retentionMs: 28 * DAY,
    maxMessageBytes: MAX_INLINE_RECORD,
  };
}

/**
 * `<prefix>.` + the identifier with every character outside `[A-Za-z0-9_-]` replaced by `-`, its parts joined by `.`,
 * cut at 180, + `.` + ten characters of base32(SHA-256(identifier)): readable, legal, and free of collisions.
 */
function topicName(prefix: string, identifier: string): string {
  const readable = identifier
    .split('/')
    .map((part) => part.replace(/[^A-Za-z0-9_-]/g, '-'))
    .join('.')
    .slice(0, 180);
  return `${prefix}.${readable}.${base32(hash('sha256', identifier, 'buffer')).slice(0, 10)}`;
}

/** RFC 4648 §6 alphabet in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{5}/g) ?? []).map((chunk) => alphabet.charAt(parseInt(chunk, 2))).join('');
}
