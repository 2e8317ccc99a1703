import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#kernel';
import { bodyOf } from '../changes/definition-patch.js';
import type { PublicationService } from '../snapshot/publication.service.js';
import type { ApplyAnswer, ApplyDto } from './apply.dto.js';
import { applyErrors } from './apply.errors.js';
import type { DefinitionService } from './definition.service.js';
import { planChange } from './plan-change.js';

const IN_FORCE_WAIT_MS = 5_000;

/**
 * Applies a definition at once, by whoever is on this machine: checks everything first, then writes rows and the next
 * snapshot in one transaction, then has it published. Applying what stands already writes nothing and takes no number.
 * It ends with the first officers: from then on a change needs two of them (`changes/`), and this shows differences only.
 */
export class ApplyService {
  constructor(
    private readonly ownInstanceId: string,
    private readonly definitions: DefinitionService,
    private readonly publication: PublicationService,
    private readonly clock: Clock,
  ) {}

  async apply(input: ApplyDto): Promise<ApplyAnswer> {
    await this.definitions.checkDocuments(input.openapi);
    const present = await this.definitions.present();
    const { standing } = present;
    if (input.dryRun !== true && standing.officers.length > 0) throw applyErrors.error('officers-registered');
    const planned = planChange(input, standing, this.ownInstanceId, this.clock.now());
    if (!planned.ok) throw applyErrors.error('definition-refused', { extensions: { problems: planned.reason } });
    const { changes, snapshot, definition } = planned.value;
    const isSame = changes.length === 0 && isDeepStrictEqual(present.body, bodyOf(definition));
    if (isSame || input.dryRun === true) {
      const { number } = standing.snapshot;
      return { changes, number, applied: false, inForce: await this.publication.isInForce(number, 0) };
    }
    if (!(await this.definitions.write(planned.value, present, input))) throw applyErrors.error('definition-outrun');
    this.publication.notify();
    const inForce = await this.publication.isInForce(snapshot.number, IN_FORCE_WAIT_MS);
    return { changes, number: snapshot.number, applied: changes.length > 0, inForce };
  }
}
