import { setting } from '#platform';

/** Settings of compositions; the gateway's own definition spreads them in. */
export const compositionSettings = {
  maxCompositionBytes: setting.bytes({
    env: 'KEREGE_GATEWAY_MAX_COMPOSITION_BYTES',
    default: 64 * 1024 * 1024,
    min: 1024 * 1024,
    meaning:
      'Bodies of answers at most that compositions hold while other parts are awaited, together; beyond it a part tells its outcome without its body.',
  }),
};
