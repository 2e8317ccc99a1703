import { Agent, request } from 'undici';
import { z } from 'zod';

/** What a portal shows a person of their record, and in which exchange it came. */
export interface OwnRecord {
  readonly exchangeId: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What the person says of one field. */
export interface Doubt {
  readonly element: string;
  readonly pointer: string;
  readonly shown: unknown;
  readonly proposed: string;
  readonly explanation: string;
}

/** A case as the page shows it. */
const shownCase = z.object({
  id: z.string(),
  publicNumber: z.string(),
  state: z.string(),
  owner: z.string(),
  filedAt: z.string(),
  deadlines: z.array(z.object({ clock: z.string(), dueAt: z.string().optional() })),
  hasOwnWords: z.boolean().default(false),
});
const ownWords = z.object({
  words: z.array(z.object({ seq: z.number(), at: z.string().optional(), text: z.string().optional() })).max(100),
});
export type ShownCase = z.infer<typeof shownCase> & {
  /** What the agency says in its own words, the oldest first. */
  readonly words?: readonly string[];
};

export type Filed =
  { readonly ok: true; readonly publicNumber: string } | { readonly ok: false; readonly problem: string };

export interface OwnRecordsParts {
  readonly subsystem: string;
  readonly gatewayUrl: string;
  readonly nowMs: () => number;
}

const SERVICE = 'DEMO/GOV/1001/population/persons';
const ENDPOINT = 'GET /{pin}';
const TIMEOUT_MS = 20_000;

/**
 * What a portal's backend asks of its gateway for a person: their record, and what they say is wrong with it. Values stay
 * between the portal, its gateway and the owner; the portal shows them and keeps none.
 */
export class OwnRecords {
  private readonly agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });

  constructor(private readonly parts: OwnRecordsParts) {}

  /** Undefined: the register did not answer with a record. */
  async read(assertion: string, subject: string): Promise<OwnRecord | undefined> {
    const answer = await request(`${this.parts.gatewayUrl}/r1/${SERVICE}/${pinIn(subject)}`, {
      dispatcher: this.agent,
      headers: { ...this.headers(assertion), 'kerege-purpose': 'citizen-view' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await answer.body.json().catch(() => undefined);
    const exchangeId = answer.headers['kerege-exchange-id'];
    const isRecord = answer.statusCode === 200 && typeof body === 'object' && body !== null;
    if (!isRecord || typeof exchangeId !== 'string') return undefined;
    return { exchangeId, values: body as Readonly<Record<string, unknown>> };
  }

  /** Files what is wrong; a refusal is told in its own words. */
  async file(assertion: string, subject: string, { exchangeId }: OwnRecord, doubt: Doubt): Promise<Filed> {
    const { element, pointer, shown, proposed, explanation } = doubt;
    const item = {
      ...{ element, pointer, doubted: shown, proposed },
      ...(explanation === '' ? {} : { explanation }),
    };
    const answer = await request(`${this.parts.gatewayUrl}/v1/corrections`, {
      method: 'POST',
      dispatcher: this.agent,
      headers: { ...this.headers(assertion), 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ kind: 'ERROR', service: SERVICE, endpoint: ENDPOINT, exchangeId, subject, language: 'en', items: [item] },
        recheck: { path: `/${pinIn(subject)}` },
      }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await answer.body.json().catch(() => ({}));
    const said = z.object({ standing: z.object({ publicNumber: z.string() }) }).safeParse(body).data;
    if (answer.statusCode === 201 && said !== undefined) return { ok: true, publicNumber: said.standing.publicNumber };
    const problem = z.object({ hint: z.string().optional(), detail: z.string().optional() }).safeParse(body).data;
    return {
      ok: false,
      problem: problem?.hint ?? problem?.detail ?? 'The request could not be filed. Try again later.',
    };
  }

  /** What the agency says in its own words, which only the portal's gateway opens; nothing where it cannot. */
  async wordsOf(assertion: string, caseId: string): Promise<readonly string[]> {
    const answer = await request(`${this.parts.gatewayUrl}/v1/corrections/${encodeURIComponent(caseId)}/words`, {
      dispatcher: this.agent,
      headers: this.headers(assertion),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await answer.body.json().catch(() => undefined);
    return ownWords.safeParse(body).data?.words.flatMap(({ text }) => text ?? []) ?? [];
  }

  /** For the page: what feedback has answered, read again. */
  static casesIn(body: unknown): readonly ShownCase[] {
    return z.object({ cases: z.array(shownCase) }).safeParse(body).data?.cases ?? [];
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private headers(assertion: string) {
    return { 'x-road-client': this.parts.subsystem, 'kerege-end-user': assertion, accept: 'application/json' };
  }
}

function pinIn(subject: string): string {
  return encodeURIComponent(subject.split('/').at(-1) ?? '');
}
