import { systemClock, type Clock } from '#kernel';
import type { Queries } from '#postgres';
import { digestList, openApiOperations, snapshotBytes, type Officer } from '#snapshot';
import { bodyOf, type DefinitionBody } from '../changes/definition-patch.js';
import { publicationErrors } from '../snapshot/publication.errors.js';
import type { PublicationStore } from '../snapshot/publication.store.js';
import { applyErrors } from './apply.errors.js';
import { checkOpenApi } from './open-api-check.service.js';
import type { ApplyInput, Plan, Standing } from './plan-change.js';
import type { OpenApiRow, RegistersStore, StoredDefinition } from './registers.store.js';

/** `n` rises at most once a second (`bus.md` §6). */
const LEAST_BETWEEN_NUMBERS_MS = 1_000;

/** Everything that a change is planned from, read at one time. */
export interface Present {
  readonly standing: Standing;
  readonly version: number;
  /** Undefined where no definition was kept yet. */
  readonly body: DefinitionBody | undefined;
  readonly openapi: StoredDefinition['openapi'];
  readonly madeAtMs: number;
}

/** An OpenAPI document as it is sent or stands. */
export interface NamedDocument {
  readonly path: string;
  readonly digest?: string;
  readonly mediaType: string;
  readonly text: string;
}

export type FullInput = Omit<ApplyInput, 'openapi'> & { readonly openapi: readonly NamedDocument[] };

/** What stands, and how the next thing that stands is written. Decides nothing. */
export class DefinitionService {
  constructor(
    private readonly registers: RegistersStore,
    private readonly publications: PublicationStore,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Every write raises the version, so what was read stands together if it did not move meanwhile. */
  async present(): Promise<Present> {
    for (;;) {
      const before = await this.registers.version();
      const read = await this.readPresent();
      if (read.version === before && (await this.registers.version()) === before) return read;
    }
  }

  private async readPresent(): Promise<Present> {
    const stored = await this.publications.newestSnapshot();
    // `prepare` put the first one before anything could be asked.
    if (stored === undefined) throw publicationErrors.error('receipt-missing');
    const kept = await this.registers.definition();
    const { version, body } = read(kept);
    const officers = (body?.officers ?? []) as readonly Officer[];
    const members = await this.registers.members();
    const standing = { snapshot: stored.snapshot, members, officers };
    return { standing, version, body, openapi: kept.openapi, madeAtMs: stored.madeAtMs };
  }

  /** The definition alone, for who only reads it: nobody's signatures are checked for that. */
  async definition(): Promise<Pick<Present, 'version' | 'body'>> {
    return read(await this.registers.definition());
  }

  /** Refuses documents that are none, or not those of their digests. */
  async checkDocuments(documents: readonly NamedDocument[]): Promise<void> {
    const found = await Promise.all(documents.map(({ path, text }) => checkOpenApi(path, text)));
    const digests = documents.flatMap((document) => {
      const isWrong = document.digest !== undefined && document.digest !== rowOf(document).digest;
      const message = 'is not the text of its digest';
      return isWrong ? [{ code: 'openapi-digest', line: 1, column: 1, path: document.path, message }] : [];
    });
    const problems = [...found.filter((problem) => problem !== undefined), ...digests];
    if (problems.length > 0) throw applyErrors.error('definition-refused', { extensions: { problems } });
  }

  /** Documents by path, of all that the definition in force names. */
  async documentsOf({ openapi }: Present): Promise<NamedDocument[]> {
    const rows = new Map((await this.registers.openApi(Object.values(openapi))).map((row) => [row.digest, row]));
    return Object.entries(openapi).flatMap(([path, digest]) => {
      const row = rows.get(digest);
      return row === undefined ? [] : [{ path, mediaType: row.mediaType, text: row.text }];
    });
  }

  /** False if another change came first: nothing was written then. */
  async write(
    { snapshot, members, definition }: Plan,
    present: Present,
    input: FullInput,
    also?: (queries: Queries, version: number) => Promise<void>,
  ): Promise<boolean> {
    const { standing, version: previousVersion } = present;
    if (snapshot.number !== standing.snapshot.number) await this.waitForTurn(present.madeAtMs);
    const bytes = snapshotBytes(snapshot);
    const rows = input.openapi.map((document) => ({ path: document.path, row: rowOf(document) }));
    return this.registers.replace({
      previousNumber: standing.snapshot.number,
      snapshot,
      body: bytes.toString('utf8'),
      digests: digestList(bytes, snapshot.members),
      changed: members.filter((member) => standing.members.get(member.document.member) !== member),
      openapi: rows.map(({ row }) => row),
      definition: {
        previousVersion,
        body: JSON.stringify(bodyOf(definition)),
        openapi: Object.fromEntries(rows.map(({ path, row }) => [path, row.digest])),
      },
      also,
    });
  }

  private async waitForTurn(lastMadeAtMs: number): Promise<void> {
    const waitMs = lastMadeAtMs + LEAST_BETWEEN_NUMBERS_MS - this.clock.now();
    if (waitMs <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LEAST_BETWEEN_NUMBERS_MS)));
  }
}

/** Written by `write` above, from a definition that was parsed. */
function read({ version, body }: StoredDefinition): Pick<Present, 'version' | 'body'> {
  return { version, body: version === 0 ? undefined : (JSON.parse(body) as DefinitionBody) };
}

function rowOf({ text, mediaType }: { readonly text: string; readonly mediaType: string }): OpenApiRow {
  const read = openApiOperations(text);
  return { digest: read.ok ? read.value.digest : '', mediaType, text };
}
