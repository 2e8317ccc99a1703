import { sha256 } from '#kernel';
import { HttpReader } from '#platform';
import { encodeAddCheckpoint, openNote, type AddCheckpoint, type Checkpoint, type NoteKey } from '#tlog';
import { readAnswer, type RawAnswer, type WitnessAnswer } from './witness-answer.js';

/** One witness of the policy, and where it is asked. */
export interface WitnessAddress {
  readonly name: string;
  readonly key: NoteKey;
  /** Prefix of `add-checkpoint` and of its monitoring endpoint. */
  readonly url: string;
}

/** What a witness says that it cosigned last; `none`: nothing of this log. */
export type Memory = Checkpoint | 'none' | 'no-answer';

const TIMEOUT_MS = 5_000;
/** A line per witness; a note of a hundred signatures. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Speaks C2SP tlog-witness with one witness (`audit-log.md` §2.6). It promises an answer within bounds of time and size
 * to every question, never throws, and hands nothing on that its witness's or the log's key has not signed.
 */
export class WitnessClient {
  private readonly http: HttpReader;

  constructor(
    readonly address: WitnessAddress,
    private readonly log: NoteKey,
    timeoutMs = TIMEOUT_MS,
  ) {
    this.http = new HttpReader({ timeoutMs, connections: 2 });
  }

  /** Asks for a cosignature. */
  async add(asked: AddCheckpoint, text: string): Promise<WitnessAnswer> {
    const body = encodeAddCheckpoint(asked);
    const answer = await this.ask('add-checkpoint', { method: 'POST', body });
    return answer === undefined ? { kind: 'failed', why: 'no-answer' } : readAnswer(answer, text, this.address.key);
  }

  /** Asks its monitoring endpoint. Nonsense is no answer: it says nothing about the log. */
  async memory(): Promise<Memory> {
    const answer = await this.ask(`${sha256(this.log.name).toString('hex')}/checkpoint`, { method: 'GET' });
    if (answer?.status === 404) return 'none';
    if (answer?.status !== 200) return 'no-answer';
    const opened = openNote(answer.body, [this.log]);
    return opened.ok ? opened.value : 'no-answer';
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private async ask(
    path: string,
    question: { readonly method: 'GET' | 'POST'; readonly body?: string },
  ): Promise<RawAnswer | undefined> {
    try {
      const url = `${this.address.url.replace(/\/$/, '')}/${path}`;
      const { status, body } = await this.http.ask(url, { ...question, maxBytes: MAX_ANSWER_BYTES });
      return { status, body: body.toString('utf8') };
    } catch {
      // Not listening, too slow, cut off, elsewhere: the caller backs off and /status says that there is no answer.
      return undefined;
    }
  }
}
