import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { repositoryRoot } from '#local';
import { eventually } from '#testing';
import { parse } from 'yaml';
import { BENEFITS, call, MYGOV, PERSONS, signIn, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(120_000);

const USAGE = 'DEMO/GOV/1009/operator/usage';
const PUBLISHED = join(repositoryRoot(), '..', 'shared', 'contracts', 'aj-findusage-2.1.0.openapi.yaml');
const OURS = join(repositoryRoot(), 'apps', 'sandbox', 'openapi', 'usage.yaml');

interface Usages {
  readonly totalUsages: number;
  readonly usages: readonly { readonly logtime: string; readonly receiverSystem: string }[];
}

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

/** One sign-in serves all calls of its portal for some minutes. */
const tokens = new Map<string, Promise<string>>();
function token(person: string): Promise<string> {
  const known = tokens.get(person) ?? signIn(bus.instance, person, MYGOV).then(({ output }) => output.trim());
  tokens.set(person, known);
  return known;
}

/** As a portal that knows the contract and nothing of Kerege but the person's assertion. */
async function asks(path: string, endUser?: string, headers: Readonly<Record<string, string>> = {}) {
  return call(bus.instance, {
    target: `${USAGE}/v2/${path}`,
    client: MYGOV,
    headers: { ...(endUser === undefined ? {} : { 'Kerege-End-User': endUser }), ...headers },
  });
}

async function find(person: string, query = ''): Promise<Usages> {
  const answer = await asks(`findUsage?userCode=${person}${query}`, await token(person), { 'X-Road-UserId': person });
  if (answer.status !== 200) throw new TypeError(answer.text);
  return JSON.parse(answer.text) as Usages;
}

describe('findUsage over the bus', () => {
  it('tells a person who asked for their data, each use once, the newest first', async () => {
    for (let at = 0; at < 3; at += 1) {
      const { status, text } = await call(bus.instance, { target: `${PERSONS}/TEST000021`, client: BENEFITS });
      expect([status, text]).toEqual([200, expect.any(String)]);
    }
    // Those three; asking itself is a use of the portal, and shown as well.
    const ofFund = async () =>
      (await find('TEST000021')).usages.filter(({ receiverSystem }) => receiverSystem === 'benefits');
    const seen = async () => {
      expect(await ofFund()).toHaveLength(3);
      return true;
    };
    await eventually(seen, { timeoutMs: 60_000, intervalMs: 500 });
    const { usages } = await find('TEST000021');
    const times = usages.map(({ logtime }) => logtime);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('leaves out, limits and counts as the contract says', async () => {
    const all = await find('TEST000021');
    const part = await find('TEST000021', '&offset=1&limit=1');
    expect(part.usages).toHaveLength(1);
    expect(part.totalUsages).toBeGreaterThanOrEqual(all.totalUsages);
    const before = await find('TEST000021', `&periodEnd=${encodeURIComponent('2020-01-01T00:00:00Z')}`);
    expect(before).toEqual({ totalUsages: 0, usages: [] });
    const [newest, oldest] = [all.usages.at(0)?.logtime ?? '', all.usages.at(-1)?.logtime ?? ''];
    const period = `&periodStart=${encodeURIComponent(oldest)}&periodEnd=${encodeURIComponent(newest)}`;
    const within = await find('TEST000021', period);
    expect(within.usages).toEqual(expect.arrayContaining([...all.usages]));
    const after = await find('TEST000021', `&periodStart=${encodeURIComponent('2100-01-01T00:00:00Z')}`);
    expect(after).toEqual({ totalUsages: 0, usages: [] });
  });

  it('shows nobody the uses of another’s data', async () => {
    const foreign = await asks('findUsage?userCode=TEST000021', await token('TEST000007'), {
      'X-Road-UserId': 'TEST000007',
    });
    expect(foreign.headers.get('x-road-error')).toBe('server.clientproxy.access_denied');
    const nobody = await asks('findUsage?userCode=TEST000021', undefined, { 'X-Road-UserId': 'TEST000021' });
    expect(nobody.headers.get('x-road-error')).toBe('server.clientproxy.access_denied');
    const another = await asks('findUsage?userCode=TEST000007', await token('TEST000007'), {
      'X-Road-UserId': 'TEST000021',
    });
    expect([another.status, (JSON.parse(another.text) as { code: string }).code]).toEqual([403, 'user-foreign']);
    const { feedbackUrl } = bus.instance;
    // Every connector that a portal calls for a person sees the assertion; only that of this service is believed.
    const endUser = await token('TEST000021');
    const direct = (authorization: string) =>
      fetch(`${feedbackUrl}/usage/v2/findUsage?userCode=TEST000021`, {
        headers: {
          ...{ 'X-Road-Client': MYGOV, 'X-Road-UserId': 'TEST000021', 'Kerege-End-User': endUser },
          Authorization: authorization,
        },
      });
    const refused = await Promise.all([direct(''), direct('Bearer guessed')]);
    const codes = refused.map(async (answer) => ((await answer.json()) as { code: string }).code);
    expect(await Promise.all(codes)).toEqual(['caller-token-missing', 'connector-unknown']);
  });

  it('refuses what the contract has no meaning for', async () => {
    const headers = { 'X-Road-UserId': 'TEST000007' };
    const endUser = await token('TEST000007');
    for (const query of ['limit=x', 'offset=-1', 'limit=1001', 'periodStart=yesterday'])
      expect((await asks(`findUsage?userCode=TEST000007&${query}`, endUser, headers)).status).toBe(400);
  });
});

describe.each([
  ['our document', OURS],
  ['the published contract', PUBLISHED],
])('answers against %s', (_name, file) => {
  const judged = existsSync(file) ? it : it.skip;

  judged('have its form', async () => {
    const answers = {
      '/v2/findUsage': JSON.stringify(await find('TEST000021')),
      '/v2/usagePeriod': (await asks('usagePeriod')).text,
      '/v2/heartbeat': (await asks('heartbeat')).text,
    };
    for (const [path, text] of Object.entries(answers)) {
      const isValid = formOf(file, path);
      isValid(JSON.parse(text));
      expect([path, isValid.errors]).toEqual([path, null]);
    }
  });
});

/** The form of the 200 answer of an endpoint of an OpenAPI document. */
function formOf(file: string, path: string): ValidateFunction {
  const document = parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: 'document' });
  const pointer = ['paths', path, 'get', 'responses', '200', 'content', 'application/json', 'schema'];
  const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  return ajv.compile({ $ref: `document#/${escaped.join('/')}` });
}
