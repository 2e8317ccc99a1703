import type { ServiceId, SubsystemId } from '#kernel';

/** Where a service that serves personal data has its subject (`design.md` §6). */
export interface SubjectRule {
  readonly type: string;
  readonly country: string;
  readonly from:
    | { readonly path: string }
    | { readonly query: string }
    | { readonly header: string }
    /** JSON pointers. */
    | { readonly body: string }
    | { readonly answer: string };
}

/** What decisions need of a registered service; the snapshot's entry satisfies it. */
export interface AccessService {
  readonly personalData: boolean;
  /** `METHOD /pattern`; `{name}` is one path segment. */
  readonly endpoints: readonly { readonly endpoint: string; readonly subject?: SubjectRule | undefined }[];
  /** The rule of every endpoint without its own. */
  readonly subject?: SubjectRule | undefined;
  /** Administrator's notice while the service is switched off. */
  readonly disabled?: string | undefined;
}

/** Who must act at an endpoint; the snapshot's own list is the same. */
export type EndUserRule = 'subject' | 'official' | 'any';

/** A caller's own statement that an agreement may ask for, each a header that X-Road knows (`exchange.md` §2.3). */
export type ContextField = 'issue' | 'user-id' | 'represented-party';

/** When an agreement holds within its term, on the clock of the provider's country. */
export interface AgreedHours {
  /** 1 is Monday. */
  readonly days: readonly number[];
  /** `HH:MM`; from the first minute to before the last. `24:00` is the end of the day. */
  readonly from: string;
  readonly until: string;
  /** IANA time zone. */
  readonly timeZone: string;
}

/** How many calls an agreement is good for, by the calendar of a time zone (UTC where it names none). */
export interface AgreedQuota {
  readonly day?: number | undefined;
  readonly month?: number | undefined;
  /** IANA time zone. */
  readonly timeZone?: string | undefined;
}

/** How fast calls may come at one gateway: `burst` at once, then `perSecond`. */
export interface AgreedRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** From how many different subjects within an hour on a consumer counts as reading through a register (E58). */
export interface AgreedSweep {
  readonly subjectsPerHour: number;
  /** Then it is also stopped, not only reported. */
  readonly brake?: boolean | undefined;
}

export interface AccessAgreement {
  readonly endpoints: readonly string[];
  readonly purposes: readonly string[];
  /** Of endpoints that may be called with an end user only. */
  readonly endUser?: Readonly<Record<string, EndUserRule>> | undefined;
  /** Of endpoints that may be called only while the subject has allowed it. */
  readonly requiresLink?: readonly string[] | undefined;
  /** Whose data may be asked for, as COUNTRY/TYPE; anybody's where it is absent. */
  readonly subjectKinds?: readonly string[] | undefined;
  /** At any hour where it is absent. */
  readonly hours?: AgreedHours | undefined;
  /** What the caller has to state with every call. */
  readonly context?: readonly ContextField[] | undefined;
  /** Any number where it is absent; counted at the provider. */
  readonly quota?: AgreedQuota | undefined;
  readonly rate?: AgreedRate | undefined;
  readonly sweep?: AgreedSweep | undefined;
  /** The provider's notice while it grants nothing: it may stop by itself, at once (E43). */
  readonly stopped?: string | undefined;
  /** ISO instants; `until` is the first at which the agreement no longer holds. */
  readonly from?: string | undefined;
  readonly until: string;
}

/** What decisions need of one registry snapshot; `RegistryView` of `#snapshot` satisfies it. */
export interface AccessView {
  subsystem(id: SubsystemId): object | undefined;
  service(id: ServiceId): AccessService | undefined;
  /**
   * Whether the operator has suspended exactly this member, subsystem or service, or one endpoint of a service (E43). What
   * follows for the parts of what is suspended `decide` knows.
   */
  isSuspended(id: string, endpoint?: string): boolean;
  /** Granted by the service's subsystem to the consumer; validity in time is judged here, not there. */
  agreements(consumer: SubsystemId, service: ServiceId): readonly AccessAgreement[];
  readonly purposes: readonly { readonly code: string; readonly legalBasis: string }[];
  readonly legalBases: readonly { readonly code: string }[];
}
