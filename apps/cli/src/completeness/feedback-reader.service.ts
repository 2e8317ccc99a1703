import { z } from 'zod';
import { makeReaderToken } from '#reader-auth';
import type { PrivateJwk } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText } from '../terminal/json-client.service.js';
import type { SaidOfCommitment, SaidOfLog } from './compare.js';

const number = z.number().int().min(0);
const reportSchema = z.object({
  at: z.string(),
  logs: z
    .array(
      z.object({
        origin: z.string(),
        ...{
          size: number,
          rows: number,
          concealed: number,
          pending: number,
          erased: number,
          repeated: number,
          stating: number,
        },
      }),
    )
    .max(1_000),
});
const sampleSchema = z.object({
  commitments: z
    .array(
      z.object({
        index: number,
        kind: z.enum(['subject', 'user']),
        position: number,
        state: z.enum(['shown', 'concealed', 'pending', 'erased', 'repeated', 'missing']),
        opening: z.object({ r: z.string(), country: z.string(), type: z.string(), code: z.string() }).optional(),
      }),
    )
    .max(10_000),
});

export interface FeedbackReaderOptions {
  readonly url: string;
  /** The URL that feedback's operator publishes: `aud` of tokens. */
  readonly audience: string;
  readonly subsystem: string;
  readonly key: PrivateJwk;
}

/** Asks feedback as an auditor, with a fresh token for each request. */
export class FeedbackReader {
  constructor(private readonly options: FeedbackReaderOptions) {}

  async report(): Promise<ReadonlyMap<string, SaidOfLog>> {
    const { logs } = await this.get('/v1/completeness', reportSchema);
    return new Map(logs.map(({ origin, ...said }) => [origin, said]));
  }

  async sample(log: string, indices: readonly number[]): Promise<readonly SaidOfCommitment[]> {
    const query = new URLSearchParams({ log, indices: indices.join(',') });
    return (await this.get(`/v1/completeness/commitments?${query.toString()}`, sampleSchema)).commitments;
  }

  private async get<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
    const { url, audience, subsystem, key } = this.options;
    const token = await makeReaderToken({ subsystem, audience, key, nowMs: Date.now() });
    const answer = await ask(new URL(path, url).href, { headers: { authorization: `Bearer ${token}` } });
    const parsed = answer.status === 200 ? schema.safeParse(parseJson(answer.body)) : undefined;
    if (parsed?.success === true) return parsed.data;
    const said = parsed === undefined ? problemText(answer) : 'not what is documented';
    throw cliErrors.error('server-refused', { extensions: { address: path, said } });
  }
}
