import { isDeepStrictEqual } from 'node:util';
import { ok, refuse, sha256, toHex, type Clock, type MemberId, type Result } from '#kernel';
import type { ApplyProblem } from '../definition/apply-problem.js';
import type { DefinitionService, FullInput, NamedDocument, Present } from '../definition/definition.service.js';
import type { Change } from '../definition/differences.js';
import { planChange, type Plan, type Standing } from '../definition/plan-change.js';
import { patched, type PatchEntry } from './definition-patch.js';

/** What a request keeps of what was sent: only what differs from what stood then. */
export interface ChangeInput {
  readonly patch: readonly PatchEntry[];
  /** `was`: hex SHA-256 of the member's entry that stood then; absent where there was none. */
  readonly documents: readonly (FullInput['documents'][number] & { readonly was?: string })[];
  readonly openapi: readonly NamedDocument[];
}

/** What was stored of a request by `ChangesService`, from what was validated. */
export function inputOf({ input }: { readonly input: string }): ChangeInput {
  return JSON.parse(input) as ChangeInput;
}

export interface Planned {
  readonly plan: Plan;
  readonly present: Present;
  readonly input: FullInput;
}

export type Hindrance =
  /** Items or members that are not what they were. */
  | { readonly kind: 'moved'; readonly what: readonly string[] }
  | { readonly kind: 'impossible'; readonly problems: readonly ApplyProblem[] };

/** As the history keeps it. */
export function reasonOf(hindrance: Hindrance): string {
  const isMoved = hindrance.kind === 'moved';
  const what = isMoved ? hindrance.what : hindrance.problems.map(({ code, path }) => `${code} ${path}`);
  return `${isMoved ? 'changed meanwhile' : 'impossible'}: ${what.join(', ')}`.slice(0, 500);
}

/** What a request would do as things stand now: its items and documents, laid over everything that it does not touch. */
export class ChangePlanner {
  constructor(
    private readonly ownInstanceId: string,
    private readonly definitions: DefinitionService,
    private readonly clock: Clock,
  ) {}

  async plan(input: ChangeInput): Promise<Result<Planned, Hindrance>> {
    const present = await this.definitions.present();
    const { standing, body } = present;
    if (body === undefined) return refuse({ kind: 'moved', what: [] });
    const next = patched(body, input.patch);
    const moved = input.documents.filter(({ member, was }) => entryDigest(standing, member) !== was);
    if (!next.ok || moved.length > 0) {
      const items = next.ok ? [] : next.reason.map(({ list }) => list as string);
      return refuse({ kind: 'moved', what: [...items, ...moved.map(({ member }) => member)] });
    }
    const members = next.value.members.map((member) => `${standing.snapshot.instance}/${String(member['id'])}`);
    const full: FullInput = {
      definition: JSON.stringify(next.value),
      documents: [...entriesOf(standing, input, members)],
      openapi: await this.documents(present, input, next.value.members),
    };
    const planned = planChange(full, standing, this.ownInstanceId, this.clock.now());
    if (!planned.ok) return refuse({ kind: 'impossible', problems: planned.reason });
    return ok({ plan: planned.value, present, input: full });
  }

  /** The same for what was asked for: refused, too, where it would do anything else than what was seen then. */
  async planAgain(input: ChangeInput, changes: readonly Change[]): Promise<Result<Planned, Hindrance>> {
    const planned = await this.plan(input);
    if (!planned.ok) return planned;
    const isSame = isDeepStrictEqual(JSON.parse(JSON.stringify(planned.value.plan.changes)), changes);
    return isSame ? planned : refuse({ kind: 'moved', what: ['what it does'] });
  }

  /** Of the paths that the definition still names; those that were sent go before those that stand. */
  private async documents(present: Present, { openapi }: ChangeInput, members: readonly unknown[]) {
    const named = JSON.stringify(members);
    const byPath = new Map((await this.definitions.documentsOf(present)).map((document) => [document.path, document]));
    for (const document of openapi) byPath.set(document.path, document);
    return [...byPath.values()].filter(({ path }) => named.includes(`"openapi":${JSON.stringify(path)}`));
  }
}

function* entriesOf(standing: Standing, { documents }: ChangeInput, members: readonly string[]) {
  const sent = new Map(documents.map((entry) => [entry.member, entry]));
  for (const member of members) {
    const known = standing.members.get(member as MemberId)?.entry;
    const entry = sent.get(member) ?? (known === undefined ? undefined : { ...known, member });
    if (entry !== undefined) yield { member, document: entry.document, keyChain: entry.keyChain };
  }
  // Of a member that is in no definition: let the plan say so.
  for (const { member, document, keyChain } of documents)
    if (!members.includes(member)) yield { member, document, keyChain };
}

/** Of what a member has signed, as it stands; undefined where nothing does. */
export function entryDigest(standing: Standing, member: string): string | undefined {
  const entry = standing.members.get(member as MemberId)?.entry;
  return entry === undefined ? undefined : toHex(sha256(JSON.stringify([entry.document, entry.keyChain])));
}
