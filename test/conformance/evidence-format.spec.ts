import { describe, expect, it } from '@jest/globals';
import { serialiseEvidence } from '../../apps/gateway/src/evidence/evidence.js';
import { verifyEvidence } from '../../apps/cli/src/verify/index.js';
import { buildEvidence, bytesOf, trustOf } from './evidence-sample.js';

/** A gateway writes Evidence v1 and a verifier that shares no code with it reads it: both keep to one spelling. */
describe('Evidence v1', () => {
  it.each(['answered', 'failed', 'refused'] as const)('is written as it is read (%s)', async (outcome) => {
    const { v, ...content } = await buildEvidence({ outcome });
    expect(v).toBe(1);
    const written = Buffer.from(serialiseEvidence(content as Parameters<typeof serialiseEvidence>[0]));
    expect(written).toEqual(bytesOf({ v, ...content }));
    expect(verifyEvidence(written, trustOf()).ok).toBe(true);
  });
});
