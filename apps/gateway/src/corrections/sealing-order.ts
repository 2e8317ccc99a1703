import { z } from 'zod';

const subsystem = z.string().max(255);
const page = z.object({
  sealings: z.array(z.object({ correctionId: z.uuid(), successor: subsystem })).max(1_000),
  next: z.string().max(512).optional(),
});
const order = z.object({ correctionId: z.uuid(), successor: subsystem, copy: z.string().max(720 * 1024) });
export type SealingOrder = z.infer<typeof order>;

/** A page of cases to be sealed anew; undefined where it is none. */
export const readSealings = (answer: unknown): z.infer<typeof page> | undefined => page.safeParse(answer).data;

/** What has to be sealed anew; undefined where it is no such order. */
export const readSealingOrder = (answer: unknown): SealingOrder | undefined => order.safeParse(answer).data;
