import type { Step } from './boundary.js';
import { OFFSET_COMMIT, PRODUCE } from './kafka-wire.js';

/** A Produce request with a record for a topic of this prefix. */
export function produceTo(prefix: string): Step {
  return (crossing) =>
    crossing.wire === 'kafka' && crossing.api === PRODUCE && crossing.topics.some((topic) => topic.startsWith(prefix));
}

/** A Produce request that brings a statement of this type to the log. */
export function stampOf(type: string): Step {
  const toLog = produceTo('audit.stamp');
  return (crossing) => crossing.wire === 'kafka' && toLog(crossing) && crossing.statements.some(({ t }) => t === type);
}

/** A Produce request that brings a statement of this type to everybody who follows the registry. */
export function publicationOf(type: string): Step {
  const toAll = produceTo('registry.snapshot');
  return (crossing) => crossing.wire === 'kafka' && toAll(crossing) && crossing.statements.some(({ t }) => t === type);
}

/** The commit of a consumer group of this prefix. */
export function commitOf(groupPrefix: string): Step {
  return (crossing) =>
    crossing.wire === 'kafka' && crossing.api === OFFSET_COMMIT && crossing.group.startsWith(groupPrefix);
}

/** A statement of SQL. */
export function sql(text: RegExp): Step {
  return (crossing) => crossing.wire === 'postgres' && text.test(crossing.sql);
}
