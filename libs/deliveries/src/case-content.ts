import { z } from 'zod';

/**
 * Kinds of deliveries of corrections (`corrections.md` §3, §6). Of a request the content is sealed by the portal's gateway
 * or, at a transfer, by the former owner's connector; feedback passes it on unopened. The others feedback seals itself.
 */
export const CASE_KINDS = {
  /** To the owner: what a person says is wrong. */
  request: 'correction',
  /** To the owner: what the person has answered. */
  info: 'correction.info',
  /** To the portal: what the owner says to the person in its own words; fetched, and delivered by no topic. */
  words: 'correction.words',
  /** To owner or portal: what became of a case. */
  told: 'correction.told',
  /** To the connector of a service whose answers hold the datum; its agency does not get it. */
  dispute: 'data.dispute',
  /** To a member that got the wrong value. */
  corrected: 'data.corrected',
} as const;
export type CaseDeliveryKind = (typeof CASE_KINDS)[keyof typeof CASE_KINDS];

const uuid = z.uuid();
const subject = z.string().max(255);
const instant = z.iso.datetime();

/** A request as its owner opens it: the case, and the content of `#corrections` that `readContent` checks. */
const requestContent = z.strictObject({
  correctionId: uuid,
  kind: z.string(),
  service: z.string(),
  endpoint: z.string(),
  content: z.json(),
});
export type CaseRequestContent = z.infer<typeof requestContent>;

/** A person's answer to the owner's question; `doc` of its leaf is `h1(salt, …)` of this without `correctionId`. */
const infoContent = z.strictObject({
  correctionId: uuid,
  /** base64url, 32 bytes. */
  salt: z.string(),
  text: z.string().max(4_000),
  attachments: z.array(z.strictObject({ name: z.string(), mediaType: z.string(), bytes: z.string() })).max(10),
});
export type CaseInfoContent = z.infer<typeof infoContent>;

/** Own words of an owner; the act that they go with has their digest under this salt. */
const wordsContent = z.strictObject({
  correctionId: uuid,
  /** base64url, 32 bytes. */
  salt: z.string().max(64),
  text: z.string().max(2_000),
});
export type CaseWordsContent = z.infer<typeof wordsContent>;

const toldContent = z.strictObject({
  correctionId: uuid,
  publicNumber: z.string(),
  /** Transition, as its statement names it behind `correction.`. */
  what: z.string(),
  state: z.string(),
  at: instant,
  dueAt: instant.optional(),
  /** Leaf hash, base64url: where it stands in the log. */
  leaf: z.string(),
});
export type CaseToldContent = z.infer<typeof toldContent>;

/** Neither case nor owner: it links no person across members. The newest `at` of a flag holds. */
const disputeContent = z.strictObject({
  /** Names this flag, to set it and to take it away. */
  // What a table cannot hold must not get as far as the table.
  flag: z.string().regex(/^[\x20-\x7e]{1,64}$/),
  /** `COUNTRY/TYPE/CODE`. */
  subject,
  element: z.string(),
  isOn: z.boolean(),
  /** From when the datum is disputed. */
  since: instant,
  at: instant,
  option: z.enum(['FLAG', 'BLOCK']),
  /** Purposes that go on under `BLOCK`. */
  exemptPurposes: z.array(z.string()).max(100),
});
export type DisputeContent = z.infer<typeof disputeContent>;

/** Thin: no value. The recipient asks the service again if it needs one. */
const correctedContent = z.strictObject({
  /**
   * Id of the delivery that told it first; a reminder is another one. Under it the recipient acknowledges, and learns
   * nothing of the case.
   */
  noticeId: uuid,
  subject,
  elements: z.array(z.string()).max(20),
  service: z.string(),
  /** The recipient's own, the last one in which it got the value. */
  exchangeId: uuid,
  /** Absent where the value is doubted again. */
  effectiveFrom: instant.optional(),
  /** It was told once that the value is right now, and the owner looks at it again. */
  isReopened: z.boolean(),
  /** To whom the acknowledgement speaks: `to` of its statement. */
  owner: z.string(),
});
export type CorrectedContent = z.infer<typeof correctedContent>;

/** What was opened; undefined if it is none of that kind. */
export const readCaseRequest = (content: unknown): CaseRequestContent | undefined =>
  requestContent.safeParse(content).data;
export const readCaseInfo = (content: unknown): CaseInfoContent | undefined => infoContent.safeParse(content).data;
export const readCaseWords = (content: unknown): CaseWordsContent | undefined => wordsContent.safeParse(content).data;
export const readCaseTold = (content: unknown): CaseToldContent | undefined => toldContent.safeParse(content).data;
export const readDispute = (content: unknown): DisputeContent | undefined => disputeContent.safeParse(content).data;
export const readCorrected = (content: unknown): CorrectedContent | undefined =>
  correctedContent.safeParse(content).data;
