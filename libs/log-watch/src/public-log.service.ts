import { z } from 'zod';
import { fromBase64 } from '#kernel';
import { HttpReader } from '#platform';
import type { NoteKey } from '#tlog';

/** What everybody is shown of a log. */
export interface PublicLog {
  /** The newest checkpoint; undefined if it cannot be had now. */
  checkpoint(log: NoteKey): Promise<string | undefined>;
  /** `size-unknown`: the log says that it does not have that many leaves. */
  consistency(log: NoteKey, from: number, to: number): Promise<readonly Buffer[] | 'size-unknown' | undefined>;
  close(): Promise<void>;
}

const MAX_BYTES = 256 * 1024;
const proofAnswer = z.object({ proof: z.array(z.string()).max(64) });
const problemAnswer = z.object({ code: z.string() });

/** Reads it from the audit service. It verifies nothing and believes nothing: `LogWatcher` does. */
export class AuditService implements PublicLog {
  private readonly http: HttpReader;

  constructor(
    private readonly url: string,
    timeoutMs: number,
  ) {
    this.http = new HttpReader({ timeoutMs });
  }

  async checkpoint({ name }: NoteKey): Promise<string | undefined> {
    // An origin ends with shard and window, which are the log's place below the audit service (`audit-log.md` §3.7).
    const place = name.split('/').slice(-2).join('/');
    const answer = await this.get(`/log/${place}/checkpoint`);
    return answer?.status === 200 ? answer.text : undefined;
  }

  async consistency(
    { name }: NoteKey,
    from: number,
    to: number,
  ): Promise<readonly Buffer[] | 'size-unknown' | undefined> {
    // Each window of the log counts for itself.
    const query = new URLSearchParams({ from: String(from), to: String(to), log: name });
    const answer = await this.get(`/proof/consistency?${query.toString()}`);
    if (answer?.status === 404) {
      return parse(problemAnswer, answer.text)?.code === 'size-unknown' ? 'size-unknown' : undefined;
    }
    const proof = answer?.status === 200 ? parse(proofAnswer, answer.text)?.proof : undefined;
    return proof?.map((hash) => fromBase64(hash) ?? Buffer.alloc(0));
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private async get(path: string): Promise<{ status: number; text: string } | undefined> {
    try {
      const { status, body } = await this.http.ask(new URL(path, this.url), { maxBytes: MAX_BYTES });
      return { status, text: body.toString('utf8') };
    } catch {
      // Away or too slow: asked again; for how long, /status says.
      return undefined;
    }
  }
}

function parse<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Not what was asked for: the same as no answer.
    return undefined;
  }
}
