import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { openDelivery, QUESTION_KIND, readQuestion, type QuestionContent } from '#deliveries';
import { parseSubsystemId, toBase64Url, type SubsystemId } from '#kernel';
import { makeReaderToken } from '#reader-auth';
import {
  keyFileName,
  KeyRing,
  parseStatement,
  questionAnswerDigest,
  signStatement,
  type PrivateJwk,
  type QuestionAnswer,
} from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { ask, parseJson, problemText, type HttpAnswer } from '../terminal/json-client.service.js';
import { newestSigningKey } from '../token/signing-key.js';

const standing = z.object({
  id: z.string(),
  state: z.enum(['asked', 'overdue', 'answered']),
  dueAt: z.string(),
  late: z.boolean().optional(),
});
const memberQuestion = z.object({ ...standing.shape, sealed: z.string().optional() });
const page = z.object({ questions: z.array(memberQuestion), next: z.string().optional() });
type MemberQuestion = z.infer<typeof memberQuestion>;
export type Standing = z.infer<typeof standing>;

/** A question as its recipient reads it; `content` is undefined where it was sealed with a key that is not here. */
export interface ReadQuestion {
  readonly standing: Standing;
  readonly content: QuestionContent | undefined;
}

/** More than a person reads in a terminal; the rest shows when these are answered. */
const MOST_LISTED = 1_000;

/** Asks feedback for what a subsystem is asked, and answers, with the keys of its key file. */
export class QuestionDesk {
  private constructor(
    private readonly url: string,
    private readonly subsystem: SubsystemId,
    private readonly key: PrivateJwk,
    private readonly ring: KeyRing,
  ) {}

  static async open(url: string, subsystem: string, keysDir: string): Promise<QuestionDesk> {
    const file = join(keysDir, keyFileName(subsystem));
    const parsed = parseSubsystemId(subsystem);
    const bytes = await readBytes(file);
    const key = newestSigningKey(bytes);
    if (!parsed.ok || key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
    return new QuestionDesk(url, parsed.value, key, KeyRing.parse([[subsystem, bytes.toString('utf8')]]));
  }

  /** All that wait for an answer, the oldest first. */
  async waiting(): Promise<ReadQuestion[]> {
    const found: MemberQuestion[] = [];
    let next: string | undefined;
    do {
      const after: string = next === undefined ? '' : `&after=${next}`;
      const answer = page.safeParse(await this.ask(`/v1/questions?state=open&limit=100${after}`));
      if (!answer.success) throw cliErrors.error('answer-strange', { extensions: { address: this.url } });
      found.push(...answer.data.questions);
      next = answer.data.next;
    } while (next !== undefined && found.length < MOST_LISTED);
    return Promise.all(found.map((question) => this.read(question)));
  }

  async answer(id: string, answer: QuestionAnswer): Promise<Standing> {
    const question = memberQuestion.safeParse(await this.ask(`/v1/questions/${encodeURIComponent(id)}`));
    if (!question.success) throw cliErrors.error('answer-strange', { extensions: { address: this.url } });
    if (question.data.state === 'answered') throw cliErrors.error('question-closed', { extensions: { question: id } });
    const { content } = await this.read(question.data);
    const asked = parseStatement(content?.statement ?? '');
    if (!asked.ok || asked.value.payload.t !== 'question.asked')
      throw cliErrors.error('question-unreadable', { extensions: { question: id } });
    const { leafHash, payload } = asked.value;
    const salt = randomBytes(32);
    const statement = await signStatement(
      {
        ...{ v: 1, t: 'question.answered', id: payload.id, ts: Date.now(), from: payload.from, to: payload.to },
        prev: toBase64Url(leafHash),
        doc: questionAnswerDigest(salt, answer),
      },
      this.ring.signer(this.subsystem, new Set([this.key.kid])),
    );
    const body = JSON.stringify({ statement: statement.jws, answer, salt: toBase64Url(salt) });
    const said = standing.safeParse(await this.ask(`/v1/questions/${encodeURIComponent(id)}/answer`, body));
    if (!said.success) throw cliErrors.error('answer-strange', { extensions: { address: this.url } });
    return said.data;
  }

  private async read({ sealed = '', ...question }: MemberQuestion): Promise<ReadQuestion> {
    const head = { id: question.id, kind: QUESTION_KIND, to: this.subsystem, dueMs: Date.parse(question.dueAt) };
    const bytes = Buffer.from(sealed, 'base64url');
    const opened = await openDelivery(head, bytes, (to, kid) => this.ring.unsealKey(to, kid));
    return { standing: question, content: opened.ok ? readQuestion(opened.value) : undefined };
  }

  private async ask(path: string, body?: string): Promise<unknown> {
    const { url, subsystem, key } = this;
    const token = await makeReaderToken({ subsystem, audience: url, key, nowMs: Date.now() });
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': JSON_TYPE }) };
    const answer = await ask(`${url}${path}`, body === undefined ? { headers } : { method: 'POST', headers, body });
    if (answer.status !== 200) throw refused(answer);
    return parseJson(answer.body);
  }
}

const JSON_TYPE = 'application/json';

function refused(answer: HttpAnswer): Error {
  return cliErrors.error('server-refused', { extensions: { problem: problemText(answer) } });
}
