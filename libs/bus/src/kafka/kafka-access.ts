import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type AclEntry, type AclFilter, type DescribeAclResource } from 'kafkajs';
import { rightKey, type BusRight } from '#contracts';
import type { BusAccess, GrantedRights } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { classify } from './kafka-failure.js';
import { steadyMs } from './steady-time.js';

// Node sees no named export of these in a CommonJS module that builds them by calls.
const {
  AclOperationTypes: Operation,
  AclPermissionTypes: Permission,
  AclResourceTypes: Resource,
  ResourcePatternTypes: Pattern,
} = kafkajs;

const PER_CALL = 500;
const VISIBLE_TIMEOUT_MS = 5_000;
const VISIBLE_POLL_MS = 20;
const ANY_HOST = '*';
const USER = 'User:';

const RESOURCE = { topic: Resource.TOPIC, group: Resource.GROUP, cluster: Resource.CLUSTER } as const;
const OPERATION = {
  read: Operation.READ,
  write: Operation.WRITE,
  describe: Operation.DESCRIBE,
  create: Operation.CREATE,
  alter: Operation.ALTER,
} as const;

/** Access lists of a broker with an authorizer. Everything asked here may be asked twice: a list has each entry once. */
export class KafkaAccess implements BusAccess {
  constructor(private readonly admin: KafkaAdmin) {}

  async granted(): Promise<GrantedRights | undefined> {
    const everything = { resourceType: Resource.ANY, resourcePatternType: Pattern.ANY, operation: Operation.ANY };
    try {
      const { resources } = await this.admin.call((admin) =>
        admin.describeAcls({ ...everything, permissionType: Permission.ALLOW }),
      );
      const entries = resources.flatMap(rightsOf);
      const rights = entries.filter((entry) => entry !== undefined);
      return { rights, others: entries.length - rights.length };
    } catch (cause) {
      if (classify(cause).reason === 'SECURITY_DISABLED') return undefined;
      throw cause;
    }
  }

  /** Resolves when the broker that answers us knows them; others of its cluster may be some milliseconds behind. */
  async grant(rights: readonly BusRight[]): Promise<void> {
    for (const some of inParts(rights)) await this.admin.call((admin) => admin.createAcls({ acl: some.map(entryOf) }));
    const deadlineMs = steadyMs() + VISIBLE_TIMEOUT_MS;
    while (rights.length > 0 && !(await this.knows(rights))) {
      if (steadyMs() > deadlineMs) throw busErrors.error('bus-unavailable', { details: { reason: 'lists unchanged' } });
      await delay(VISIBLE_POLL_MS);
    }
  }

  async revoke(rights: readonly BusRight[]): Promise<void> {
    for (const some of inParts(rights))
      await this.admin.call((admin) => admin.deleteAcls({ filters: some.map(entryOf) satisfies AclFilter[] }));
  }

  private async knows(rights: readonly BusRight[]): Promise<boolean> {
    const known = new Set((await this.granted())?.rights.map(rightKey));
    return rights.every((right) => known.has(rightKey(right)));
  }
}

function* inParts(rights: readonly BusRight[]): Generator<readonly BusRight[]> {
  for (let start = 0; start < rights.length; start += PER_CALL) yield rights.slice(start, start + PER_CALL);
}

/** As an entry it is made, as a filter it matches exactly that entry. */
function entryOf({ principal, on, name, isPrefix, to }: BusRight): AclEntry {
  return {
    principal: USER + principal,
    host: ANY_HOST,
    operation: OPERATION[to],
    permissionType: Permission.ALLOW,
    resourceType: RESOURCE[on],
    resourceName: name,
    resourcePatternType: isPrefix ? Pattern.PREFIXED : Pattern.LITERAL,
  };
}

/** Undefined for entries that are none of ours: of one host, of other operations. */
function rightsOf({ resourceType, resourceName: name, resourcePatternType: pattern, acls }: DescribeAclResource) {
  const on = keyOf(RESOURCE, resourceType);
  return acls.map(({ principal, host, operation }): BusRight | undefined => {
    const to = keyOf(OPERATION, operation);
    if (on === undefined || to === undefined || host !== ANY_HOST || !principal.startsWith(USER)) return undefined;
    return { principal: principal.slice(USER.length), on, name, isPrefix: pattern === Pattern.PREFIXED, to };
  });
}

function keyOf<Name extends string>(names: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(names) as Name[]).find((name) => names[name] === value);
}
