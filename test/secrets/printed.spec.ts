import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { createLogger, describeConfig, startFailure, type ConfigDefinition } from '#platform';
import { openDatabase } from '#postgres';
import { auditConfig } from '../../apps/audit/src/audit.config.js';
import { connectorConfig } from '../../apps/connector/src/connector.config.js';
import { feedbackConfig } from '../../apps/feedback/src/feedback.config.js';
import { gatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { registryConfig } from '../../apps/registry/src/registry.config.js';

const PLANTED = 'PLANTED-SECRET-7731';
const definitions: readonly ConfigDefinition[] = [
  auditConfig,
  connectorConfig,
  feedbackConfig,
  gatewayConfig,
  registryConfig,
];

/** Every setting that is a secret, with one planted; for the others what they need to be there at all. */
function environmentOf(definition: ConfigDefinition): Record<string, string> {
  const settings = describeConfig(definition);
  const secrets = settings
    .filter(({ secret }) => secret)
    .map(({ env }) => [env, `postgres://me:${PLANTED}@127.0.0.1:1/x`]);
  const required = settings
    .filter(({ secret, default: value }) => !secret && value === undefined)
    .map(({ env }) => [env, 'x']);
  return Object.fromEntries([...secrets, ...required]) as Record<string, string>;
}

/** In all ways in which something is printed by a slip. */
function printed(value: unknown): string {
  const lines: string[] = [];
  const logger = createLogger('spec', { level: 'trace', destination: { write: (line) => void lines.push(line) } });
  logger.error({ value, err: value, config: value, fields: [value] }, 'printed');
  const own =
    typeof value === 'object' && value !== null
      ? Object.values(value).map((part) => `${String(part)} ${JSON.stringify(part)}`)
      : [];
  return [
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(value, value instanceof Error ? Object.getOwnPropertyNames(value) : null),
    String(value),
    startFailure('spec', value),
    ...own,
    ...lines,
  ].join('\n');
}

it.each(definitions.map((definition) => [definition.area, definition] as const))(
  '%s: its settings show no secret',
  (_area, definition) => {
    const config = definition.load(environmentOf(definition));
    const secrets = Object.values(config).filter((value) => value instanceof Secret);
    expect(secrets.length).toBe(describeConfig(definition).filter(({ secret }) => secret).length);
    expect(secrets.every((secret) => secret.reveal().includes(PLANTED))).toBe(true);
    expect(printed(config)).not.toContain(PLANTED);
    expect(printed({ nested: [{ config }] })).toContain('[secret]');
  },
);

it.each(definitions.map((definition) => [definition.area, definition] as const))(
  '%s: what is said of settings that cannot be used shows none',
  (_area, definition) => {
    const environment = {
      ...environmentOf(definition),
      KEREGE_PORT: PLANTED,
      NODE_ENV: PLANTED,
      KEREGE_HTTP_MAX_HEADERS: PLANTED,
    };
    const load = () => definition.load(environment);
    expect(load).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    try {
      load();
    } catch (cause) {
      expect(printed(cause)).not.toContain(PLANTED);
    }
  },
);

describe('a database that cannot be opened', () => {
  it.each([
    `postgres://me:${PLANTED}@127.0.0.1:1/x`,
    `postgres://me:${PLANTED}@127.0.0.1:99999/x`,
    `postgres://me:${PLANTED}@[::zz]/x`,
    `postgres://me:${PLANTED}@bad host/x`,
    `postgres://me:${PLANTED}%zz@127.0.0.1:1/x`,
    PLANTED,
    `postgres://me:${PLANTED}@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/nowhere`,
  ])(
    'is not told with its password',
    async (url) => {
      const opening = openDatabase({ url, schema: 'x', migrations: [], poolSize: 1 });
      const cause: unknown = await opening.then(
        () => 'opened',
        (failure: unknown) => failure,
      );
      expect(cause).not.toBe('opened');
      expect(printed(cause)).not.toContain(PLANTED);
    },
    30_000,
  );
});

it('a secret is shown only to who asks for it', () => {
  const secret = new Secret(PLANTED);
  expect(secret.reveal()).toBe(PLANTED);
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret }), Object.keys(secret).length]).toEqual([
    '[secret]',
    '{"secret":"[secret]"}',
    '{ secret: [secret] }',
    0,
  ]);
  expect([Secret.none.isEmpty, secret.isEmpty]).toEqual([true, false]);
});
