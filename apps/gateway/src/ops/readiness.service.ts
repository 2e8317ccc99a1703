import { request } from 'undici';
import type { ReadinessCheck } from '#platform';
import type { RegistryView } from '#snapshot';
import type { AppTokens } from '#pkcs11';
import type { LogProbe } from './log-probe.service.js';

export interface ReadinessParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly hearing: () => string | undefined;
  readonly database: { isReachable(): Promise<boolean> };
  readonly probe: LogProbe;
  /** `/ready` of the connectors that must have their partitions; empty where an operator watches them otherwise. */
  readonly connectorUrls: readonly string[];
  readonly tokens: Pick<AppTokens, 'checks'>;
}

const PEER_TIMEOUT_MS = 1_500;

/** `/ready` of `sandbox.md` §1: 200 when an exchange would succeed. Agencies are not probed. */
export function readinessChecks(parts: ReadinessParts): ReadinessCheck[] {
  return [
    {
      name: 'registry-copy',
      missing: () => (parts.registry.current() === undefined ? 'no valid snapshot of the registry' : undefined),
    },
    {
      name: 'replies',
      missing: () => (parts.hearing() === undefined ? 'the reply topic is not being read' : undefined),
    },
    {
      name: 'database',
      missing: async () => ((await parts.database.isReachable()) ? undefined : 'the database does not answer'),
    },
    { name: 'log', missing: () => parts.probe.missing() },
    ...parts.tokens.checks,
    { name: 'connectors', missing: () => missingConnectors(parts.connectorUrls) },
  ];
}

async function missingConnectors(urls: readonly string[]): Promise<string | undefined> {
  const missing = await Promise.all(urls.map(async (url) => ((await isReady(url)) ? [] : [new URL(url).host])));
  const names = missing.flat();
  return names.length === 0 ? undefined : `not ready: ${names.join(', ')}`;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(new URL('/ready', url), {
      headersTimeout: PEER_TIMEOUT_MS,
      bodyTimeout: PEER_TIMEOUT_MS,
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    // Not listening is the plainest form of not ready.
    return false;
  }
}
