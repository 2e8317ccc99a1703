import { randomBytes } from 'node:crypto';
import { h1 } from '#signing';
import type { SubsystemId } from '#kernel';
import type { Cases } from './cases.service.js';
import type { KeptCase } from './kept-case.js';

/** A composite answer has several owners: each decides a part, and the case closes when all have (`corrections.md` §7). */
export async function splitCase(cases: Pick<Cases, 'act'>, kept: KeptCase): Promise<boolean> {
  const parts = (kept.details.parts ?? []).map(({ correctionId, owner, items }) => ({
    ...{ correctionId, items },
    owner: owner as SubsystemId,
  }));
  // The log must not tell which cases are parts of one: nobody has to open this again, the parts name their whole here.
  const doc = h1(randomBytes(32), Buffer.from(JSON.stringify(parts)));
  return cases.act(kept, { type: 'split', by: { role: 'feedback' }, parts, doc });
}
