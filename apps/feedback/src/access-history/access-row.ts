import { toBase64Url, type ServiceId, type SubsystemId } from '#kernel';
import { shownQuestion, type RowQuestion, type ShownQuestion } from '../questions/shown-question.js';
import type { Access } from './access-history.service.js';
import type { LeafPlace } from './outcome.js';
import type { Titles } from './titles.js';

/** A statement and its proof, as a reader checks them. */
export interface Proven {
  readonly statement: string;
  readonly proof: string;
}

/** What a reader recomputes a row from; absent where the log did not show all of it. */
export interface RowEvidence extends Proven {
  readonly opening: {
    readonly kind: 'subject' | 'user';
    readonly position: number;
    /** base64url. */
    readonly r: string;
    readonly country: string;
    readonly type: string;
    readonly code: string;
  };
  /** Where only the answer told the subject: its request. */
  readonly request?: Proven;
  readonly sequels: readonly Proven[];
}

/** One access as a citizen's portal gets it. Of persons it names nobody but the one asked about. */
export interface AccessRow {
  readonly exchangeId: string;
  /** ISO instant, by the clock of the consumer's gateway. */
  readonly at: string;
  readonly subject: string;
  readonly role: 'subject' | 'user';
  readonly consumer: { readonly id: string; readonly name?: string };
  readonly provider: { readonly id: string; readonly name?: string };
  readonly service: { readonly id: string; readonly title?: string };
  readonly endpoint: string;
  readonly purpose: { readonly code: string; readonly title?: string };
  readonly legalBasis: { readonly code: string; readonly title?: string; readonly reference?: string };
  readonly outcome: 'answered' | 'refused' | 'failed' | 'pending';
  readonly status?: number;
  readonly disclosed: boolean;
  readonly disputed: boolean;
  readonly endUser: Access['endUser'];
  /** In the person's name, after the instant since when they say that their sign-in is compromised. */
  readonly afterCompromise?: true;
  readonly leaf: LeafPlace;
  readonly question?: ShownQuestion;
  readonly evidence?: RowEvidence;
}

/** `proven` finds a leaf's bytes and proof; undefined: without evidence. */
export function accessRow(
  access: Access,
  titles: Titles,
  proven?: (place: LeafPlace) => Proven | undefined,
  question?: RowQuestion,
): AccessRow {
  const { opening, status } = access;
  const evidence = proven === undefined ? undefined : evidenceOf(access, proven);
  return {
    exchangeId: access.exchangeId,
    at: new Date(access.atMs).toISOString(),
    subject: `${opening.country}/${opening.type}/${opening.code}`,
    role: access.role,
    consumer: titles.subsystem(access.consumer as SubsystemId),
    provider: titles.subsystem(access.provider as SubsystemId),
    service: titles.service(access.service as ServiceId),
    endpoint: access.endpoint,
    purpose: titles.purpose(access.purpose),
    legalBasis: titles.legalBasis(access.legalBasis),
    outcome: access.outcome,
    ...(status === undefined ? {} : { status }),
    disclosed: access.isDisclosed,
    disputed: access.isDisputed,
    endUser: access.endUser,
    ...(access.isAfterCompromise ? { afterCompromise: true } : {}),
    leaf: access.leaf,
    ...(question === undefined ? {} : { question: shownQuestion(question, proven) }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

/** Every leaf that the evidence of a row wants. */
export function placesOf({ leaf, request, sequels }: Access): LeafPlace[] {
  return [leaf, request, ...sequels].map(({ log, index }) => ({ log, index }));
}

function evidenceOf(access: Access, proven: (place: LeafPlace) => Proven | undefined): RowEvidence | undefined {
  const { leaf, request, opening } = access;
  const own = proven(leaf);
  const asked = isSame(leaf, request) ? undefined : proven(request);
  const sequels = access.sequels.map((sequel) => proven(sequel));
  if (own === undefined || (asked === undefined && !isSame(leaf, request))) return undefined;
  if (!sequels.every((sequel) => sequel !== undefined)) return undefined;
  const { kind, position, r, country, type, code } = opening;
  return {
    ...own,
    opening: { kind, position, r: toBase64Url(r), country, type, code },
    ...(asked === undefined ? {} : { request: asked }),
    sequels,
  };
}

function isSame(a: LeafPlace, b: LeafPlace): boolean {
  return a.log === b.log && a.index === b.index;
}
