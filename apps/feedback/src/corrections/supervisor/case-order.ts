import { z } from 'zod';
import { parseSubsystemId, type SubsystemId } from '#kernel';

const subsystem = z
  .string()
  .refine((text): text is SubsystemId => parseSubsystemId(text).ok, { message: 'is no subsystem' });
const head = {
  v: z.literal(1),
  correctionId: z.uuid(),
  /** Leaf of the last transition: an order is about the case as whoever gave it saw it. */
  leaf: z.string().regex(/^[A-Za-z0-9_-]{43}$/u),
  by: subsystem,
  /** When it was given, ms. */
  at: z.number().int().min(0),
};

/** What a supervisor or the operator orders in a case, and signs (`kerege-case-order+jwt`). */
export const caseOrder = z.discriminatedUnion('act', [
  z.strictObject({ ...head, act: z.literal('reopen'), reason: z.literal('supervisor-order') }),
  z.strictObject({ ...head, act: z.literal('transfer'), reason: z.literal('operator-assigned'), target: subsystem }),
]);
export type CaseOrder = Readonly<z.infer<typeof caseOrder>>;
export type OrderedAct =
  | Pick<Extract<CaseOrder, { act: 'reopen' }>, 'act' | 'reason'>
  | Pick<Extract<CaseOrder, { act: 'transfer' }>, 'act' | 'reason' | 'target'>;

/** Field by field in one order, so that what is proposed is what is signed. */
export function orderOf(
  act: OrderedAct,
  { correctionId, leaf, by, at }: Pick<CaseOrder, 'correctionId' | 'leaf' | 'by' | 'at'>,
): CaseOrder {
  return { v: 1, correctionId, leaf, by, at, ...act };
}

/** Whether they say the same, whatever the order of their fields. */
export function isSameOrder(one: CaseOrder, other: CaseOrder): boolean {
  const spelled = (order: CaseOrder) => JSON.stringify(Object.entries(order).sort(([a], [b]) => (a < b ? -1 : 1)));
  return spelled(one) === spelled(other);
}
