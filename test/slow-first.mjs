import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/**
 * Seconds of the specs that take longest, about: in a clean clone nothing is known of them, and one that begins last is
 * waited for alone. A number that is wrong costs time and nothing else.
 */
const SLOW = {
  'test/feedback/erasure.integration-spec.ts': 140,
  'test/conformance/tamper-export.integration-spec.ts': 120,
  'libs/bus/src/kafka/kafka-faults.integration-spec.ts': 100,
  'test/audit/tamper-matrix.integration-spec.ts': 90,
  'test/audit/time-tokens.integration-spec.ts': 85,
  'test/feedback/recipients.integration-spec.ts': 85,
  'test/audit/witness.integration-spec.ts': 75,
  'test/conformance/tlog-served.integration-spec.ts': 55,
  'test/audit/scrub.integration-spec.ts': 55,
  'apps/feedback/src/openings/crash-points.integration-spec.ts': 45,
  'test/feedback/corrections.integration-spec.ts': 45,
  'test/feedback/owner-side.integration-spec.ts': 42,
  'test/feedback/corrections-refused.integration-spec.ts': 42,
  'test/connector/dispute-intake.integration-spec.ts': 41,
  'test/feedback/concealment.integration-spec.ts': 40,
  'test/connector/disputes.integration-spec.ts': 36,
  'test/audit/export.integration-spec.ts': 36,
  'test/connector/unsafe.integration-spec.ts': 34,
  'test/audit/standby.integration-spec.ts': 32,
  'test/feedback/case-recipients.integration-spec.ts': 32,
  'test/audit/rotation-followed.integration-spec.ts': 30,
  'libs/deliveries/src/delivery.integration-spec.ts': 30,
};
const OTHERS = 5;

/** Jest's own order, by how long a spec took the last time, with a guess where it knows nothing. */
export default class SlowFirst extends Sequencer {
  time(test) {
    return super.time(test) ?? 1_000 * (SLOW[relative(process.cwd(), test.path)] ?? OTHERS);
  }
}
