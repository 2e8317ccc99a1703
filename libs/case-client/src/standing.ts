import { z } from 'zod';
import { CASE_STATES } from '#corrections';

const text = z.string();
const deadline = z.looseObject({ clock: text, startedAt: text, dueAt: text.optional(), isExtended: z.boolean() });

/** A case as feedback shows it to its parties; what a newer feedback adds is passed on. */
export const standing = z.looseObject({
  ...{ id: text, publicNumber: text, kind: text, state: z.enum(CASE_STATES), portal: text, owner: text },
  ...{ service: text, endpoint: text, requestDoc: text.optional() },
  items: z.array(z.looseObject({ elementId: text.optional(), jsonPointer: text })),
  ...{ isDisputed: z.boolean(), isExtended: z.boolean(), isEscalated: z.boolean(), isMoving: z.boolean() },
  decision: z.looseObject({ accepted: z.array(z.int().nonnegative()) }).optional(),
  ...{ seq: z.number(), leaf: text.optional(), filedAt: text, deadlines: z.array(deadline) },
});
/** With the request, which only its owner's key opens. */
export const ownedCase = z.looseObject({ ...standing.shape, contentId: text, sealed: text.optional() });

export type Standing = z.infer<typeof standing>;
export type SealedCase = z.infer<typeof ownedCase>;

const notice = z.looseObject({
  ...{ noticeId: text, isReopened: z.boolean(), dueAt: text.optional(), sealed: text.optional() },
});

export const noticesPage = z.object({ notices: z.array(notice), next: text.optional() });

export const casesPage = z.object({ cases: z.array(standing), next: text.optional() });
export const taken = z.object({ standing });
export const proposed = z.object({ payload: z.record(z.string(), z.unknown()) });

const ms = z.number().nonnegative();
/**
 * Dispute flags for this subsystem that feedback has not delivered, how long the oldest one has waited, and how long ago
 * feedback had followed the log to its end; absent: not since its start.
 */
export const owedFlags = z.object({ waiting: z.int().nonnegative(), waitingMs: ms, behindMs: ms.optional() });
export type OwedFlags = z.infer<typeof owedFlags>;
