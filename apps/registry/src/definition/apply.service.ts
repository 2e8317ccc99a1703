import { systemClock, type Clock } from '#kernel';
import { digestList, openApiOperations, snapshotBytes } from '#snapshot';
import { publicationErrors } from '../snapshot/publication.errors.js';
import type { PublicationService } from '../snapshot/publication.service.js';
import type { PublicationStore, StoredSnapshot } from '../snapshot/publication.store.js';
import type { ApplyAnswer, ApplyDto } from './apply.dto.js';
import { applyErrors } from './apply.errors.js';
import { checkOpenApi } from './open-api-check.service.js';
import { planChange, type Plan, type Standing } from './plan-change.js';
import type { OpenApiRow, RegistersStore } from './registers.store.js';

/** `n` rises at most once a second (`bus.md` §6). */
const LEAST_BETWEEN_NUMBERS_MS = 1_000;
const IN_FORCE_WAIT_MS = 5_000;

/**
 * Applies a definition: checks everything first, then writes rows and the next snapshot in one transaction, then has it
 * published. Applying what stands already writes nothing and takes no number.
 */
export class ApplyService {
  constructor(
    private readonly ownInstanceId: string,
    private readonly registers: RegistersStore,
    private readonly publications: PublicationStore,
    private readonly publication: PublicationService,
    private readonly clock: Clock = systemClock,
  ) {}

  async apply(input: ApplyDto): Promise<ApplyAnswer> {
    await this.checkDocuments(input);
    const { stored, standing } = await this.standing();
    const planned = planChange(input, standing, this.ownInstanceId, this.clock.now());
    if (!planned.ok) throw applyErrors.error('definition-refused', { extensions: { problems: planned.reason } });
    const { changes, snapshot } = planned.value;
    if (changes.length === 0 || input.dryRun === true) {
      const { number } = standing.snapshot;
      return { changes, number, applied: false, inForce: await this.publication.isInForce(number, 0) };
    }
    await this.waitForTurn(stored.madeAtMs);
    await this.write(planned.value, standing, input);
    this.publication.notify();
    const inForce = await this.publication.isInForce(snapshot.number, IN_FORCE_WAIT_MS);
    return { changes, number: snapshot.number, applied: true, inForce };
  }

  private async checkDocuments(input: ApplyDto): Promise<void> {
    const found = await Promise.all(input.openapi.map(({ path, text }) => checkOpenApi(path, text)));
    const digests = input.openapi.flatMap((document) => {
      const isWrong = document.digest !== undefined && document.digest !== rowOf(document).digest;
      const message = 'is not the text of its digest';
      return isWrong ? [{ code: 'openapi-digest', line: 1, column: 1, path: document.path, message }] : [];
    });
    const problems = [...found.filter((problem) => problem !== undefined), ...digests];
    if (problems.length > 0) throw applyErrors.error('definition-refused', { extensions: { problems } });
  }

  private async standing(): Promise<{ stored: StoredSnapshot; standing: Standing }> {
    const stored = await this.publications.newestSnapshot();
    // `prepare` put the first one before anything could be asked.
    if (stored === undefined) throw publicationErrors.error('receipt-missing');
    return { stored, standing: { snapshot: stored.snapshot, members: await this.registers.members() } };
  }

  private async waitForTurn(lastMadeAtMs: number): Promise<void> {
    const waitMs = lastMadeAtMs + LEAST_BETWEEN_NUMBERS_MS - this.clock.now();
    if (waitMs <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LEAST_BETWEEN_NUMBERS_MS)));
  }

  private async write({ snapshot, members }: Plan, standing: Standing, input: ApplyDto): Promise<void> {
    const bytes = snapshotBytes(snapshot);
    const isWritten = await this.registers.replace({
      previousNumber: standing.snapshot.number,
      snapshot,
      body: bytes.toString('utf8'),
      digests: digestList(bytes, snapshot.members),
      changed: members.filter((member) => standing.members.get(member.document.member) !== member),
      openapi: input.openapi.map(rowOf),
    });
    if (!isWritten) throw applyErrors.error('definition-outrun');
  }
}

function rowOf({ text, mediaType }: { readonly text: string; readonly mediaType: string }): OpenApiRow {
  const read = openApiOperations(text);
  return { digest: read.ok ? read.value.digest : '', mediaType, text };
}
