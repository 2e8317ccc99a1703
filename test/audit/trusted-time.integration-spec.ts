import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sha256, toBase64Url } from '#kernel';
import type { AppStatus, RunningApp } from '#platform';
import { parseStatement } from '#signing';
import { eventually, fakeClock } from '#testing';
import { AuditNetwork } from './audit-network.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import { TimeStandIn } from './time-stand-in.js';

jest.setTimeout(120_000);

interface Row {
  readonly size: number;
  readonly source: string;
  readonly data: Buffer;
}

let lab: TimeLab;
let network: AuditNetwork;
let app: RunningApp;
let first: TimeStandIn;
let second: TimeStandIn;
let roots: string;
const clock = fakeClock(Date.now());

beforeAll(async () => {
  if (!hasOpenssl) return;
  lab = new TimeLab();
  const pems = ['one', 'two'].map((name) => {
    const pem = lab.root(`root-${name}`);
    lab.authority(name, `root-${name}`, { rsa: name === 'two' });
    return pem;
  });
  roots = pems.join('');
  first = new TimeStandIn((query) => lab.reply('one', query));
  second = new TimeStandIn((query) => lab.reply('two', query));
  network = await AuditNetwork.create({ timestampRoots: pems });
  const timeAuthorities = [`one=${await first.listen()}`, `two=${await second.listen()}`];
  app = await network.start({ timeAuthorities, timeIntervalMs: 50, timeTimeoutMs: 300 }, { clock });
  await network.enact(network.world);
});
afterEach(() => {
  if (!hasOpenssl) return;
  first.fault = 'none';
  second.fault = 'none';
  clock.set(Date.now());
});
afterAll(async () => {
  if (!hasOpenssl) return;
  await network.close();
  await Promise.all([first.close(), second.close()]);
  lab.close();
});

const rows = async (kind = 'timestamp'): Promise<Row[]> => {
  const found = await network.database.query<{ size: string; source: string; data: Buffer }>(
    'SELECT size, source, data FROM audit.log_anchor WHERE kind = $1 ORDER BY size, source',
    [kind],
  );
  return found.map((row) => ({ ...row, size: Number(row.size) }));
};
const anchors = async () =>
  (await network.leaves()).flatMap(({ body }) => {
    const parsed = parseStatement(body.toString());
    return parsed.ok && parsed.value.payload.t === 'anchor.tsr' ? [parsed.value.payload] : [];
  });
/** Makes the log grow, and waits for a token that covers the leaf. */
const stampedLeaf = async (): Promise<Row> => {
  clock.set(Date.now());
  const receipt = await network.stampAndWait(await network.requested());
  return eventually(async () => (await rows()).find(({ size }) => size > Number(receipt.leaf.index)), {
    timeoutMs: 20_000,
  });
};
const timePart = async () => {
  const status = (await (await fetch(`${app.url}/status`)).json()) as AppStatus;
  return status.parts.find(({ part }) => part === 'trusted-time');
};
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1),
  );
};

// Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
(hasOpenssl ? describe : describe.skip)('trusted time (audit-log.md §5)', () => {
  it('has every leaf covered by a token that openssl ts -verify takes, from what the log serves', async () => {
    await stampedLeaf();
    const index = (await network.head()).size - 1;
    await stampedLeaf();
    const prefix = `${app.url}/log/0/2026h2/timestamp`;
    const answer = await fetch(`${prefix}?index=${index}`);
    expect(answer.headers.get('content-type')).toBe('application/timestamp-reply');
    expect(answer.headers.get('kerege-time-authority')).toBe('one');
    const size = Number(answer.headers.get('kerege-log-size'));
    expect(size).toBe((await rows()).find((row) => row.size > index)?.size);
    const checkpoint = await (await fetch(`${prefix}/checkpoint?size=${size}`)).text();
    expect(checkpoint.split('\n')[1]).toBe(String(size));
    const token = Buffer.from(await answer.arrayBuffer());
    expect(lab.verifies(checkpoint, token, roots)).toBe(true);
    expect(lab.verifies(checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`), token, roots)).toBe(false);
    const newest = await fetch(prefix);
    expect(Number(newest.headers.get('kerege-log-size'))).toBeGreaterThanOrEqual(size);
    await newest.body?.cancel();
  });

  it('says 404 of what no token covers yet, and 400 of nonsense', async () => {
    const prefix = `${app.url}/log/0/2026h2/timestamp`;
    const problems = [`?index=9000000`, '/checkpoint?size=9000000', '?index=-1', '?index=007', '/checkpoint?size=x'];
    const answers = await Promise.all(problems.map(async (path) => (await fetch(prefix + path)).status));
    expect(answers).toEqual([404, 404, 400, 400, 400]);
    expect((await fetch(`${app.url}/log/1/2026h2/timestamp`)).status).toBe(404);
  });

  it('states each token in the log, once, so that later tokens cover it', async () => {
    await stampedLeaf();
    await eventually(async () => {
      const stated = await anchors();
      const stored = await rows();
      return (
        stored.length > 0 &&
        stored.every(({ data }) => stated.some(({ doc }) => doc === `h0:${toBase64Url(sha256(data))}`))
      );
    });
    const stated = await anchors();
    const stored = await rows();
    for (const { doc, n, ref } of stated)
      expect(stored.filter((row) => doc === `h0:${toBase64Url(sha256(row.data))}`)).toMatchObject([
        { size: n, source: ref },
      ]);
    expect(new Set(stated.map(({ doc }) => doc)).size).toBe(stated.length);
  });

  it.each(['down', 'silent', 'nonsense'] as const)('asks the second authority if the first is %s', async (fault) => {
    first.fault = fault;
    expect((await stampedLeaf()).source).toBe('two');
  });

  it('asks the second authority if the first gives a token for something else', async () => {
    const before = await metric('kerege_audit_time_failures_total{reason="token-nonce"');
    const honest = lab.reply.bind(lab);
    const replayed = honest('one', lab.query('-sha256', '-cert'));
    jest.spyOn(lab, 'reply').mockImplementation((name, query) => (name === 'one' ? replayed : honest(name, query)));
    try {
      expect((await stampedLeaf()).source).toBe('two');
    } finally {
      jest.restoreAllMocks();
    }
    expect(await metric('kerege_audit_time_failures_total{reason="token-imprint"')).toBeGreaterThan(0);
    expect(await metric('kerege_audit_time_failures_total{reason="token-nonce"')).toBe(before);
  });

  it('asks again if the answer was lost, and stores one token of a size', async () => {
    second.fault = 'down';
    first.fault = 'lost';
    const made = first.made;
    const receipt = await network.stampAndWait(await network.requested());
    await eventually(() => first.made > made);
    expect((await rows()).some(({ size }) => size > Number(receipt.leaf.index))).toBe(false);
    first.fault = 'none';
    await eventually(async () => (await rows()).some(({ size }) => size > Number(receipt.leaf.index)));
    const sizes = (await rows()).map(({ size }) => size);
    expect(new Set(sizes).size).toBe(sizes.length);
  });

  it('alarms after ten minutes without a token, while stamps go on as ever', async () => {
    await stampedLeaf();
    first.fault = 'down';
    second.fault = 'down';
    await network.stampAndWait(await network.requested());
    await eventually(async () => (await metric('kerege_audit_time_gap_seconds')) >= 0 && second.asked > 0);
    expect((await timePart())?.state).toBe('ok');
    const askedBefore = second.asked;
    await eventually(() => second.asked > askedBefore);
    clock.advance(10 * 60_000 + 1_000);
    await eventually(async () => (await timePart())?.state === 'degraded');
    expect(await metric('kerege_audit_time_gap_seconds')).toBeGreaterThan(600);
    const receipt = await network.stampAndWait(await network.requested());
    expect(receipt.isProven).toBe(true);
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
    first.fault = 'none';
    clock.set(Date.now());
    await eventually(async () => (await rows()).some(({ size }) => size > Number(receipt.leaf.index)), {
      timeoutMs: 60_000,
    });
    expect(await metric('kerege_audit_time_gap_seconds')).toBeLessThan(600);
  });

  it('has stored nothing that openssl ts -verify does not take', async () => {
    const notes = new Map((await rows('note')).map(({ size, data }) => [size, data.toString()]));
    const stored = await rows();
    expect(stored.length).toBeGreaterThan(5);
    expect(new Set(stored.map(({ source }) => source))).toEqual(new Set(['one', 'two']));
    for (const { size, data } of stored)
      expect([size, lab.verifies(notes.get(size) ?? '', data, roots)]).toEqual([size, true]);
  });
});

describe('audit that is to have trusted time', () => {
  it('does not start without a root to judge it by, or with an authority that is none', async () => {
    const bare = await AuditNetwork.create();
    try {
      await expect(bare.start({ timeAuthorities: ['one=http://127.0.0.1:9/'] })).rejects.toMatchObject({
        code: 'time-roots-unusable',
      });
      await expect(bare.start({ timeAuthorities: ['nowhere'] })).rejects.toMatchObject({ code: 'config-invalid' });
    } finally {
      await bare.close();
    }
  });
});
