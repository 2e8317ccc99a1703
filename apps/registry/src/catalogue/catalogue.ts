import type { AgreedHours, AgreedQuota, AgreedRate, AgreedSweep } from '#access';

/** What the registry tells of who is on the bus and what they offer. */
export type LocalisedText = Readonly<Record<string, string>>;

export interface ListedEndpoint {
  readonly endpoint: string;
  readonly subject?: unknown;
}

export interface ListedService {
  readonly id: string;
  readonly title: LocalisedText;
  /** Path of its OpenAPI document at the registry. */
  readonly openapi?: string;
  readonly timeoutMs: number;
  readonly personalData: boolean;
  readonly subject?: unknown;
  /** Administrator's notice while it is switched off. */
  readonly disabled?: string;
  /** What becomes of calls and answers that are not as its OpenAPI document says: `off`, `report` or `enforce`. */
  readonly contract?: { readonly requests: string; readonly answers: string };
  readonly endpoints: readonly ListedEndpoint[];
}

export interface ListedSubsystem {
  readonly id: string;
  readonly name?: LocalisedText;
  readonly services: readonly ListedService[];
}

export interface ListedMember {
  readonly id: string;
  readonly name: LocalisedText;
  readonly subsystems: readonly ListedSubsystem[];
}

export interface ListedPurpose {
  readonly code: string;
  readonly title: LocalisedText;
  readonly legalBasis: string;
}

/** What a citizen can ask to have corrected, and which subsystem decides about it. */
export interface ListedElement {
  readonly id: string;
  readonly owner: string;
  readonly title: LocalisedText;
  readonly selfDeclared: boolean;
}

export interface ListedAgreement {
  readonly consumer: string;
  readonly endpoints: readonly string[];
  readonly purposes: readonly string[];
  /** Who has to act, by endpoint: `subject`, `official` or `any`. */
  readonly endUser?: Readonly<Record<string, string>>;
  /** Endpoints that need the subject's leave. */
  readonly requiresLink?: readonly string[];
  /** COUNTRY/TYPE of those whose data may be asked for. */
  readonly subjectKinds?: readonly string[];
  /** When calls are allowed. */
  readonly hours?: AgreedHours;
  /** What callers must state. */
  readonly context?: readonly string[];
  /** Calls in a day and in a month. */
  readonly quota?: AgreedQuota;
  /** How fast calls may come at each gateway. */
  readonly rate?: AgreedRate;
  /** From how many different subjects per hour on a consumer is reported, or braked. */
  readonly sweep?: AgreedSweep;
  /** The provider's notice while it grants nothing. */
  readonly stopped?: string;
  readonly from?: string;
  readonly until: string;
}

export interface ServiceWithAgreements extends ListedService {
  readonly agreements: readonly ListedAgreement[];
}

export interface Catalogue {
  readonly instance: string;
  readonly number: number;
  readonly members: readonly ListedMember[];
  readonly purposes: readonly ListedPurpose[];
  readonly elements: readonly ListedElement[];
}
