import { EMPTY_ROOT, signatureLine, trimNote, withSignatureLines, type NoteKey, type NoteSigner } from '#tlog';
import { judge, originDigest, readRequest, type Asked } from './judgement.js';
import type { Remembered, WitnessStore } from './witness.store.js';

/** What goes back over HTTP. */
export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface WitnessOptions {
  readonly logs: readonly NoteKey[];
  readonly signer: NoteSigner;
  readonly store: Pick<WitnessStore, 'read' | 'keep'>;
  /** Requests of one log that may wait for the one before; beyond it 503. */
  readonly maxWaiting: number;
}

const PLAIN = 'text/plain; charset=utf-8';
/** C2SP tlog-witness names the type of a 409's body. */
const TREE_SIZE = 'text/x.tlog.size';

interface Book {
  /** As on disk; `unread` at first, and again after a write that failed: it may have taken place. */
  last: Remembered | undefined | 'unread';
  /** The end of the request before. */
  turn: Promise<unknown>;
  waiting: number;
}

/**
 * A witness: cosigns a log's checkpoint only if it extends the one that it cosigned before. It promises that what it has
 * cosigned of one log is one tree, for as long as its memory lasts: requests of a log are taken one after another, and
 * nothing is answered before it is on disk. It checks no leaf and trusts no log.
 */
export class Witness {
  /** By origin; one for each log of the settings. */
  private readonly books: ReadonlyMap<string, Book>;

  constructor(private readonly options: WitnessOptions) {
    const book = (): Book => ({ last: 'unread', turn: Promise.resolve(), waiting: 0 });
    this.books = new Map(options.logs.map(({ name }) => [name, book()]));
  }

  /** Reads the memory of every log; rejects if one cannot be read. */
  async prepare(): Promise<void> {
    for (const log of this.options.logs) await this.lastOf(log);
  }

  /** `POST add-checkpoint`. Rejects where the disk fails: nothing was cosigned then. */
  async add(body: string): Promise<WitnessAnswer> {
    const asked = readRequest(body, this.options.logs);
    if (!asked.ok) return plain(asked.reason);
    const book = this.bookOf(asked.value.key);
    if (book.waiting >= this.options.maxWaiting) return plain(503);
    book.waiting += 1;
    const answer = book.turn.then(() => this.decide(asked.value));
    book.turn = answer.catch(() => undefined).finally(() => (book.waiting -= 1));
    return answer;
  }

  /** `GET <sha256 of the origin>/checkpoint`: the newest that was cosigned, with our line. */
  async newest(digest: string): Promise<WitnessAnswer> {
    const log = this.options.logs.find(({ name }) => originDigest(name) === digest);
    const last = log === undefined ? undefined : await this.lastOf(log);
    return last === undefined ? plain(404) : { status: 200, type: PLAIN, body: last.note };
  }

  private async decide(asked: Asked): Promise<WitnessAnswer> {
    const { key, note, checkpoint } = asked;
    const last = (await this.lastOf(key))?.checkpoint ?? { size: 0, root: EMPTY_ROOT };
    const judgement = judge(asked, last);
    if (judgement === 409) return { status: 409, type: TREE_SIZE, body: `${last.size}\n` };
    if (judgement !== 'cosign') return plain(judgement);
    const line = await signatureLine(checkpoint.text, this.options.signer);
    // Other lines of the request are not ours to keep; the log's was found good.
    await this.remember(key, withSignatureLines(trimNote(note, [key]) ?? '', [line]), checkpoint);
    return { status: 200, type: PLAIN, body: `${line}\n` };
  }

  private async remember(log: NoteKey, note: string, checkpoint: Remembered['checkpoint']): Promise<void> {
    const book = this.bookOf(log);
    book.last = 'unread';
    await this.options.store.keep(log, note);
    book.last = { note, checkpoint };
  }

  private async lastOf(log: NoteKey): Promise<Remembered | undefined> {
    const book = this.bookOf(log);
    if (book.last === 'unread') book.last = await this.options.store.read(log);
    return book.last;
  }

  private bookOf({ name }: NoteKey): Book {
    return this.books.get(name) as Book;
  }
}

const TEXTS: Readonly<Record<number, string>> = {
  400: 'The request is no add-checkpoint request.\n',
  403: 'The checkpoint has no valid signature of its log.\n',
  404: 'This witness does not know the log.\n',
  422: 'The checkpoint does not extend the one that was cosigned before.\n',
  503: 'Too many requests of this log wait.\n',
};

function plain(status: number): WitnessAnswer {
  return { status, type: PLAIN, body: TEXTS[status] ?? '' };
}
