import * as z from 'zod/mini';

const named = z.object({ id: z.string(), name: z.optional(z.string()), title: z.optional(z.string()) });
const coded = z.object({ code: z.string(), title: z.optional(z.string()), reference: z.optional(z.string()) });
const proven = z.object({ statement: z.string(), proof: z.string() });

const shownQuestion = z.object({
  id: z.string(),
  state: z.enum(['asked', 'overdue', 'answered']),
  askedAt: z.string(),
  dueAt: z.string(),
  answeredAt: z.optional(z.string()),
  late: z.optional(z.boolean()),
  answer: z.optional(z.object({ code: z.string(), title: z.optional(z.string()), text: z.optional(z.string()) })),
  evidence: z.optional(z.object({ asked: proven, answered: z.optional(z.extend(proven, { salt: z.string() })) })),
});
export type ShownQuestion = z.infer<typeof shownQuestion>;

/** One access as `GET /v1/subjects/me/accesses` answers it. */
const accessRow = z.object({
  exchangeId: z.string(),
  at: z.string(),
  subject: z.string(),
  role: z.enum(['subject', 'user']),
  consumer: named,
  provider: named,
  service: named,
  endpoint: z.string(),
  purpose: coded,
  legalBasis: coded,
  outcome: z.enum(['answered', 'refused', 'failed', 'pending']),
  status: z.optional(z.number()),
  disclosed: z.boolean(),
  disputed: z.boolean(),
  endUser: z.enum(['none', 'self', 'representative', 'official', 'unknown']),
  afterCompromise: z.optional(z.literal(true)),
  leaf: z.object({ log: z.string(), index: z.number() }),
  question: z.optional(shownQuestion),
  evidence: z.optional(
    z.extend(proven, {
      opening: z.object({
        kind: z.enum(['subject', 'user']),
        position: z.number(),
        r: z.string(),
        country: z.string(),
        type: z.string(),
        code: z.string(),
      }),
      /** Where only the answer told the subject: its request. */
      request: z.optional(proven),
      /** Every statement that counts as a sequel (`statements.md` §2); none while the exchange is open. */
      sequels: z.array(proven),
    }),
  ),
});
export type AccessRow = z.infer<typeof accessRow>;
export interface ProvenStatement {
  readonly statement: string;
  readonly proof: string;
}

const accessPage = z.object({ accesses: z.array(accessRow), next: z.optional(z.string()) });
export type AccessPage = z.infer<typeof accessPage>;

/** Undefined if the answer is none of ours: it is shown as a failure, not as an empty history. */
export function readPage(json: unknown): AccessPage | undefined {
  const parsed = accessPage.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

/** What a question that was just asked is answered with; undefined if it is none of ours. */
export function readQuestion(json: unknown): ShownQuestion | undefined {
  const parsed = shownQuestion.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}
