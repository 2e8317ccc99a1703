import { setting } from '#platform';

/** Settings of corrections; the gateway's own definition spreads them in. */
export const correctionSettings = {
  correctionTimeoutMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_CORRECTION_TIMEOUT_MS',
    default: 10_000,
    min: 100,
    max: 60_000,
    meaning: 'Time for one answer of feedback about a correction.',
  }),
  verificationsEveryMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_VERIFICATIONS_EVERY_MS',
    default: 30_000,
    min: 100,
    meaning:
      'How often feedback is asked which corrections of this gateway’s consumers were made, to read those data again.',
  }),
  maxCorrectionBytes: setting.bytes({
    env: 'KEREGE_GATEWAY_MAX_CORRECTION_BYTES',
    default: 16 * 1024 * 1024,
    min: 1024 * 1024,
    meaning: 'Bodies of corrections under way at most, together; beyond it 503 with Retry-After.',
  }),
};
