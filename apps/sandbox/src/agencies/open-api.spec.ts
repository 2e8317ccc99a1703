import { readFileSync } from 'node:fs';
import SwaggerParser from '@apidevtools/swagger-parser';
import { parse } from 'yaml';
import { z } from 'zod';
import { createAgencyApp, type AgencyName } from './agencies.module.js';

const documents = [
  ['population', 'persons'],
  ['cadastre', 'properties'],
  ['benefits', 'entitlements'],
  ['clinic', 'visits'],
] as const;

const content = z.object({ 'application/json': z.object({ example: z.unknown() }) });
const operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string(), example: z.unknown().optional() })).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content })),
});
const document = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) });

function read(service: string): unknown {
  return parse(readFileSync(new URL(`../../openapi/${service}.yaml`, import.meta.url), 'utf8'));
}

async function operations(service: string) {
  const resolved = document.parse(await SwaggerParser.dereference(read(service) as never));
  return Object.entries(resolved.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, entry]) => ({ path, method, entry })),
  );
}

describe.each(documents)('the OpenAPI document of %s', (name: AgencyName, service) => {
  it('is valid OpenAPI 3.1 and knows nothing of the bus', async () => {
    await expect(SwaggerParser.validate(read(service) as never)).resolves.toMatchObject({ openapi: '3.1.0' });
    expect(readFileSync(new URL(`../../openapi/${service}.yaml`, import.meta.url), 'utf8')).not.toMatch(/x-kerege/i);
  });

  it('gives examples that the agency really answers', async () => {
    for (const { path, method, entry } of await operations(service)) {
      const app = createAgencyApp(name, 10);
      const url = entry.parameters.reduce(
        (text, parameter) =>
          parameter.in === 'path'
            ? text.replace(`{${parameter.name}}`, String(parameter.example))
            : parameter.in === 'query'
              ? `${text}?${parameter.name}=${String(parameter.example)}`
              : text,
        `/${service}${path}`,
      );
      const answer = await app.inject({
        method: method.toUpperCase() as 'GET',
        url,
        headers: { 'idempotency-key': 'example' },
        ...(entry.requestBody ? { payload: entry.requestBody.content['application/json'].example as object } : {}),
      });
      const described = entry.responses[String(answer.statusCode)];
      expect([url, answer.statusCode < 300]).toEqual([url, true]);
      expect(answer.json()).toEqual(described?.content['application/json'].example);
      await app.close();
    }
  });
});
