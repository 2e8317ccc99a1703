import type { Database, Queries } from '#postgres';
import type { KeptCase } from '../kept-case.js';
import { WORDED } from './worded.js';

/** Own words of owners, sealed for the portal, by the transition that brought them; they go with their case. */
export interface SealedWords {
  readonly seq: number;
  /** Under which they were sealed. */
  readonly contentId: string;
  readonly sealed: Buffer;
}

interface WordsRow {
  readonly seq: number;
  readonly content_id: string;
  readonly sealed: Buffer;
}

export class OwnWordsStore {
  constructor(private readonly database: Database) {}

  /** In the transaction in which the pending transition of this case stands. */
  async add(queries: Queries, { id, pending }: KeptCase): Promise<void> {
    const { contentId, sealed, type, record } = pending ?? {};
    if (type === undefined || !WORDED.has(type) || contentId === undefined || sealed === undefined) return;
    await queries.query(
      'INSERT INTO correction_words (case_id, seq, content_id, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      [id, record?.seq, contentId, sealed],
    );
  }

  async ofCase(id: string): Promise<SealedWords[]> {
    const rows = await this.database.query<WordsRow>(
      'SELECT seq, content_id, sealed FROM correction_words WHERE case_id = $1 ORDER BY seq',
      [id],
    );
    return rows.map(({ seq, content_id: contentId, sealed }) => ({ seq, contentId, sealed }));
  }
}
