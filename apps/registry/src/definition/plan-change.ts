import { isDeepStrictEqual } from 'node:util';
import { ok, refuse, type MemberId, type Result } from '#kernel';
import {
  brokenSuccessions,
  buildSnapshot,
  isRolledBack,
  memberDocumentsOf,
  openApiOperations,
  parseInstanceDefinition,
  placeProblems,
  verifyMemberEntry,
  type InstanceDefinition,
  type MemberDocument,
  type MemberEntry,
  type MemberEntryReason,
  type Officer,
  type OpenApiOperations,
  type Snapshot,
  type UnplacedProblem,
  type VerifiedMember,
} from '#snapshot';
import { canGoOn, officerChanges } from '../changes/officer-changes.js';
import type { ApplyProblem } from './apply-problem.js';
import { differences, type Change } from './differences.js';
import { sharedKeys } from './shared-keys.js';

/** What a caller sends to be applied. */
export interface ApplyInput {
  readonly definition: string;
  readonly documents: readonly {
    readonly member: string;
    readonly document: string;
    readonly keyChain: readonly string[];
  }[];
  /** Path as the definition names it, and the text. */
  readonly openapi: readonly { readonly path: string; readonly text: string }[];
}

/** What stands now. */
export interface Standing {
  readonly snapshot: Snapshot;
  readonly members: ReadonlyMap<MemberId, VerifiedMember>;
  readonly officers: readonly Officer[];
}

export interface Plan {
  readonly changes: readonly Change[];
  /** The standing one where only officers change, who are in no snapshot. */
  readonly snapshot: Snapshot;
  readonly members: readonly VerifiedMember[];
  /** With its officers, whether the text named them or not. */
  readonly definition: InstanceDefinition & { readonly officers: Officer[] };
}

/**
 * Decides what applying would do. The registry signs nothing for a member: every document must carry the member's own
 * signature over exactly what the definition says of it, by a key chain that continues the one that stands.
 */
export function planChange(
  input: ApplyInput,
  standing: Standing,
  ownInstanceId: string,
  nowMs: number,
): Result<Plan, readonly ApplyProblem[]> {
  const parsed = parseInstanceDefinition(input.definition);
  if (!parsed.ok) return parsed;
  const definition = parsed.value;
  const refused = (problems: readonly UnplacedProblem[]) =>
    refuse(
      placeProblems(input.definition, definition, problems).map(({ at, message, ...problem }): ApplyProblem => ({
        ...problem,
        message: `${at}: ${message}`,
      })),
    );
  const broken = brokenSuccessions(definition, standing.snapshot.successions ?? [], nowMs);
  if (broken.length > 0) return refused(broken);
  const own = instanceProblem(definition, standing.snapshot.instance, ownInstanceId);
  if (own !== undefined) return refused([own]);
  const members = verifiedMembers(input, definition, standing, nowMs);
  if (!members.ok) return refused(members.reason);
  const shared = sharedKeys(members.value.map(({ document }) => document));
  if (shared.length > 0)
    return refused(
      shared.map(({ owner, first }) => ({
        code: 'key-shared',
        at: owner,
        message: `publishes a key that ${first} has, too`,
      })),
    );
  const problems = disagreements(input, definition, members.value);
  if (problems.length > 0) return refused(problems);
  const officers = definition.officers ?? [...standing.officers];
  if (!canGoOn(standing.officers, officers)) return refused([{ ...TOO_FEW, at: ownInstanceId }]);
  return ok(planOf({ ...definition, officers }, standing, members.value));
}

const TOO_FEW = {
  code: 'officers-too-few',
  message:
    'there must be an operator, and another person as security officer, or nobody could change anything any more',
};

/** Without itself in the snapshot the registry could not receive receipts, and would fall silent for ever. */
function instanceProblem(
  definition: InstanceDefinition,
  instance: string,
  ownInstanceId: string,
): UnplacedProblem | undefined {
  const at = ownInstanceId;
  if (definition.instance !== instance)
    return { code: 'instance-foreign', at, message: `this registry keeps the instance "${instance}"` };
  const own = definition.instances.find((entry) => `${definition.instance}/${entry.id}` === ownInstanceId);
  return own?.kind === 'registry'
    ? undefined
    : { code: 'registry-missing', at, message: 'this registry itself must stand under "instances", kind registry' };
}

function verifiedMembers(
  input: ApplyInput,
  definition: InstanceDefinition,
  standing: Standing,
  nowMs: number,
): Result<VerifiedMember[], readonly UnplacedProblem[]> {
  const wanted = definition.members.map((member) => `${definition.instance}/${member.id}` as MemberId);
  const sent = new Map(input.documents.map((entry) => [entry.member, entry]));
  const problems: UnplacedProblem[] = [];
  const members: VerifiedMember[] = [];
  for (const id of wanted) {
    const entry = sent.get(id);
    if (entry === undefined) {
      problems.push({ code: 'document-missing', at: id, message: 'its signed document was not sent' });
      continue;
    }
    const known = standing.members.get(id);
    const verified = continued({ id, document: entry.document, keyChain: [...entry.keyChain] }, known, nowMs);
    if (verified.ok) members.push(verified.value);
    else problems.push({ code: verified.reason, at: id, message: MEMBER_PROBLEMS[verified.reason] });
  }
  for (const id of sent.keys())
    if (!wanted.some((member) => member === id))
      problems.push({
        code: 'document-alien',
        at: id,
        message: 'a document was sent for a member that the definition does not hold',
      });
  return problems.length > 0 ? refuse(problems) : ok(members);
}

/** A member's clock may be ahead of ours by so much. */
const CLOCK_SLACK_MS = 5 * 60_000;

const MEMBER_PROBLEMS = {
  'key-chain-invalid': 'its key chain is not readable',
  'key-chain-broken': 'a key of its chain is not signed by the key before it',
  'key-chain-rewritten': 'its key chain does not continue the one that stands: the member has another key here',
  'document-signature': 'its document is not signed by its newest key',
  'document-invalid': 'its document is not what a member document should be',
  'document-rolled-back': 'its document was signed earlier than the one that stands: look at the clock of who signed',
  'document-ahead': 'its document was signed in the future: look at the clock of who signed',
} as const;

/** The member's word after the one that stands: that one, if nothing but its time of signing is new. */
function continued(
  entry: MemberEntry,
  known: VerifiedMember | undefined,
  nowMs: number,
): Result<VerifiedMember, MemberEntryReason | 'document-ahead'> {
  const verified = verifyMemberEntry(entry, known === undefined ? undefined : { entry: known.entry });
  if (!verified.ok) return verified;
  const wanted = sameContent(verified.value, known);
  // Every document after one of the future would be older than it.
  const isAhead = wanted !== known && Date.parse(wanted.document.signedAt ?? '') > nowMs + CLOCK_SLACK_MS;
  if (isAhead) return refuse('document-ahead');
  return isRolledBack(wanted.document, known?.document) ? refuse('document-rolled-back') : ok(wanted);
}

/** Neither signatures that are not deterministic (ES256) nor their time make a number where nothing else changed. */
function sameContent(wanted: VerifiedMember, known: VerifiedMember | undefined): VerifiedMember {
  if (known === undefined || known.entry.keyChain.length !== wanted.entry.keyChain.length) return wanted;
  return isDeepStrictEqual(unsigned(known.document), unsigned(wanted.document)) ? known : wanted;
}

/** What a document says, without when it was signed. */
function unsigned({ signedAt: _signedAt, ...content }: MemberDocument): Omit<MemberDocument, 'signedAt'> {
  return content;
}

/** Where the signed documents say something else than the definition, or name what is not there. */
function disagreements(
  input: ApplyInput,
  definition: InstanceDefinition,
  members: readonly VerifiedMember[],
): readonly UnplacedProblem[] {
  const keys = new Map(
    members.flatMap(({ document }) =>
      [...document.subsystems, ...document.instances].map((owner) => [owner.id as string, owner.keys]),
    ),
  );
  const documents = memberDocumentsOf(definition, {
    keysOf: (identifier) => keys.get(identifier) ?? [],
    openapi: operationsByPath(input),
  });
  if (!documents.ok) return documents.reason;
  return documents.value.flatMap((expected, index): UnplacedProblem[] => {
    const signed = members[index]?.document;
    return signed !== undefined && isDeepStrictEqual(expected, unsigned(signed))
      ? []
      : [
          {
            code: 'document-disagrees',
            at: expected.member,
            message: 'its signed document says something else than the definition',
          },
        ];
  });
}

function operationsByPath(input: ApplyInput): (path: string) => OpenApiOperations | undefined {
  const operations = new Map(
    input.openapi.map(({ path, text }) => {
      const read = openApiOperations(text);
      return [path, read.ok ? read.value : undefined];
    }),
  );
  return (path) => operations.get(path);
}

function planOf(definition: Plan['definition'], standing: Standing, members: readonly VerifiedMember[]): Plan {
  const before = [...standing.members.values()];
  const number = standing.snapshot.number;
  const { logs, successions } = standing.snapshot;
  const same = buildSnapshot({ number, definition, members, logs, standing: successions });
  const changes = differences(contentOf(standing.snapshot, before), contentOf(same, members));
  // A key chain that grew changes no item of its own, yet readers have to see it.
  const grown = members.filter(
    (member) => chainLength(standing.members.get(member.document.member)) < chainLength(member),
  );
  const rotated = grown
    .filter((member) => standing.members.has(member.document.member))
    .map((member): Change => ({ op: 'change', kind: 'member', id: member.document.member, detail: 'member key' }));
  const all = [...changes, ...rotated];
  const snapshot = all.length === 0 ? standing.snapshot : { ...same, number: number + 1 };
  const officers = officerChanges(standing.officers, definition.officers);
  return { changes: [...all, ...officers], snapshot, members, definition };
}

function chainLength(member: VerifiedMember | undefined): number {
  return member?.entry.keyChain.length ?? 0;
}

function contentOf(snapshot: Snapshot, members: readonly VerifiedMember[]) {
  return { snapshot, documents: members.map(({ document }): MemberDocument => document) };
}
