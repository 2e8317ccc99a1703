import type { AppMetrics, Logger, Reading, ReadinessCheck, StatusPart } from '#platform';
import type { SigningDevice } from '#signing';
import type { Pkcs11Settings } from './pkcs11.config.js';
import { tokenMetrics } from './token-metrics.service.js';
import type { SignerTrouble } from './token-queue.js';
import { Tokens, type TokenState } from './tokens.service.js';

type Result = 'token' | 'key' | 'pin' | 'silent' | 'full' | 'wrong';

const RESULTS: Partial<Record<SignerTrouble, Result>> = {
  'key-missing': 'key',
  'key-ambiguous': 'key',
  'key-unusable': 'key',
  'pin-missing': 'pin',
  'pin-file-mode': 'pin',
  'pin-refused': 'pin',
  'token-silent': 'silent',
  'queue-full': 'full',
  'signature-wrong': 'wrong',
};

/** The tokens of a process that stays: opened, looked after, and shown. Whoever opens them closes them. */
export interface AppTokens {
  /** For key rings; undefined where no module is configured. */
  readonly device: SigningDevice | undefined;
  /** For `/ready`: missing when nothing could be signed at all. */
  readonly checks: readonly ReadinessCheck[];
  /** For `/status`: also when one token of several is away. */
  readonly parts: readonly StatusPart[];
  /** After the key files were read: opens the tokens that they name. */
  watch(): void;
  close(): void;
}

/** Name of the check; apps show the part in its place. */
export const SIGNER_CHECK = 'signer';

export function openTokens(settings: Pkcs11Settings, metrics: AppMetrics, logger: Logger): AppTokens {
  const { signatures, duration, away } = tokenMetrics.on(metrics);
  const tokens = Tokens.of(settings, {
    signed: (tookMs) => {
      signatures.add({ result: 'signed' });
      duration.observe({}, tookMs / 1_000);
    },
    refused: (trouble) => signatures.add({ result: RESULTS[trouble] ?? 'token' }),
    // `token` is a name under which the log keeps no value.
    turned: ({ token: device, ...turn }) => {
      const what = turn.kid === undefined ? 'the token' : 'a key of the token';
      if (turn.trouble === undefined) logger.info({ device, ...turn }, `${what} signs again`);
      else logger.error({ device, ...turn }, `${what} does not sign`);
    },
  });
  if (tokens === undefined)
    return { device: undefined, checks: [], parts: [], watch: () => undefined, close: () => undefined };
  away.from({}, () => tokens.state().filter(({ trouble }) => trouble !== undefined).length);
  const missing = () => {
    const reading = readingOf(tokens);
    return reading.state === 'down' ? reading.reason : undefined;
  };
  return {
    device: tokens,
    checks: [{ name: SIGNER_CHECK, missing }],
    parts: [{ name: SIGNER_CHECK, read: () => readingOf(tokens) }],
    watch: () => void tokens.watch(),
    close: () => tokens.close(),
  };
}

function readingOf(tokens: Tokens): Reading {
  const state = tokens.state();
  const troubled = state.filter(({ trouble }) => trouble !== undefined);
  const details = { tokens: state.length, waiting: state.reduce((sum, { waiting }) => sum + waiting, 0) };
  if (troubled.length === 0) return { state: 'ok', details };
  const reason = `does not sign: ${troubled.map(told).join(', ')}`;
  return { state: state.every(({ isAway }) => isAway) ? 'down' : 'degraded', reason, details };
}

function told({ token, trouble, isAway }: TokenState): string {
  return `${isAway ? '' : 'a key of '}token ${token} (${trouble ?? ''})`;
}
