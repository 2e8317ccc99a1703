import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ContentOutline } from '#corrections';
import { fromBase64Url } from '#kernel';
import { commit, parseStatement, parseTypedSubject, type Statement } from '#signing';

/** What specs and the stand-in read of bodies; the rest is looked at by nobody. */
export interface AskedBody {
  readonly [name: string]: unknown;
  readonly statement?: string;
  readonly doc?: string;
  readonly outline?: ContentOutline;
  readonly content?: { readonly id: string; readonly sealed: string; readonly copy?: string };
}

export interface FeedbackCall {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly endUser: string | undefined;
  readonly body: AskedBody;
}

type Answer = { readonly status: number; readonly body: unknown };

/**
 * STAND-IN for feedback over real HTTP, for the gateway's specs only: proposes payloads as feedback does, takes whatever
 * is signed, and judges nothing. The real one is met in `test/`.
 */
export class StandInFeedback {
  readonly calls: FeedbackCall[] = [];
  /** Filed, by id, as it is shown. */
  readonly standings = new Map<string, Record<string, unknown>>();
  verifications: unknown[] = [];
  /** Ids of cases that can be corrected no more. */
  over: string[] = [];
  /** What a spec changes: of a payload before it is proposed; an answer instead of the honest one; nothing at all. */
  proposes: (payload: Record<string, unknown>) => Record<string, unknown> = (payload) => payload;
  answers: (call: FeedbackCall) => Answer | 'silence' | undefined = () => undefined;
  url = '';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StandInFeedback> {
    const server = createServer();
    const feedback = new StandInFeedback(server);
    server.on('request', (request, response) => void feedback.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    feedback.url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
    return feedback;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Bodies of calls that brought a statement, the newest last. */
  given(): { readonly body: FeedbackCall['body']; readonly statement: Statement }[] {
    return this.calls.flatMap(({ body }) => {
      const parsed = typeof body.statement === 'string' ? parseStatement(body.statement) : undefined;
      return parsed?.ok === true ? [{ body, statement: parsed.value }] : [];
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const call: FeedbackCall = {
      method: request.method ?? '',
      path: request.url ?? '',
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      endUser: request.headers['kerege-end-user']?.toString(),
      body: text === '' ? {} : (JSON.parse(text) as FeedbackCall['body']),
    };
    this.calls.push(call);
    const answer = this.answers(call) ?? this.honest(call);
    if (answer === 'silence') return;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }

  private honest(call: FeedbackCall): Answer {
    const { method, path, body } = call;
    if (path.startsWith('/v1/portal/verifications'))
      return okay(method === 'GET' ? { verifications: this.verifications } : { over: this.over });
    if (path.startsWith('/v1/portal/sealings')) return okay({ sealings: [] });
    const id = path === '/v1/corrections' ? String(body['correctionId']) : (path.split('/').at(-2) ?? '');
    if (method === 'GET') return this.shown(path.split('/').at(-1) ?? '');
    if (path === '/v1/corrections' && this.standings.has(id)) return problem(409, 'case-exists');
    if (typeof body.statement !== 'string') return okay({ payload: this.proposes(this.payloadOf(id, call)) });
    const standing = path === '/v1/corrections' ? standingOf(body) : { ...this.standings.get(id), isMoving: true };
    this.standings.set(id, standing);
    return okay({ standing });
  }

  private shown(id: string): Answer {
    const standing = this.standings.get(id);
    return standing === undefined ? problem(404, 'case-unknown') : okay(standing);
  }

  private payloadOf(id: string, { path, body }: FeedbackCall): Record<string, unknown> {
    const known = this.standings.get(id);
    const parties = { from: 'TEST/GOV/1000/mygov', to: known?.['owner'] ?? this.ownerOf(body) };
    const base = { v: 1, id, ts: Date.now(), ...parties };
    const prev = Buffer.alloc(32, 1).toString('base64url');
    const doc = body.doc === undefined ? {} : { doc: body.doc };
    if (path === '/v1/corrections') {
      const subject = parseTypedSubject(String(body['subject']));
      if (subject === undefined) throw new TypeError('the subject of a spec is wrong');
      const { commitment } = commit('subject', subject, fromBase64Url(String(body['r'])));
      const said = { subj: [commitment], doc: body.outline?.digest };
      return { ...base, t: 'correction.submitted', seq: 1, was: 'DRAFT', now: 'SUBMITTED', ...said };
    }
    if (path.endsWith('/verification'))
      return body['isMatch'] === true
        ? { ...base, t: 'correction.verified', seq: 9, was: 'CLOSED', now: 'CLOSED', prev, ...doc }
        : {
            ...base,
            t: 'correction.reopened',
            seq: 9,
            was: 'CLOSED',
            now: 'REOPENED',
            why: 'old-value-seen',
            prev,
            ...doc,
          };
    const step = { ...base, seq: 5, prev, ...doc };
    if (body['act'] === 'withdraw') return { ...step, t: 'correction.withdrawn', was: 'ROUTED', now: 'WITHDRAWN' };
    if (body['act'] === 'appeal')
      return { ...step, t: 'correction.reopened', was: 'REJECTED', now: 'REOPENED', why: 'appeal' };
    return { ...step, t: 'correction.info-provided', was: 'NEEDS_INFO', now: 'IN_REVIEW' };
  }

  /** Whom a payload is `to`; a spec sets it, as the registry does. */
  ownerOf: (body: FeedbackCall['body']) => string = () => 'TEST/GOV/1001/population';
}

export function problem(status: number, code: string, more: object = {}): Answer {
  return { status, body: { code, status, detail: `Detail of ${code}.`, next: 'Do it right.', ...more } };
}

function okay(body: unknown): Answer {
  return { status: 200, body };
}

function standingOf(body: FeedbackCall['body']): Record<string, unknown> {
  const { correctionId: id, kind, service, endpoint, outline, parentId } = body;
  const items = (outline?.items ?? []).map(({ element, pointer, doubted }) => ({
    ...(element === undefined ? {} : { elementId: element }),
    ...(doubted === undefined ? {} : { doubtedHash: doubted }),
    jsonPointer: pointer,
  }));
  const own = { id, kind, service, endpoint, exchangeId: outline?.exchangeId, items };
  return {
    ...own,
    ...{ state: 'SUBMITTED', isMoving: true, owner: 'TEST/GOV/1001/population', requestDoc: outline?.digest },
    ...(parentId === undefined ? {} : { partOf: parentId }),
  };
}
