import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sha256 } from '#kernel';
import type { RunningApp } from '#platform';
import { parseStatement, type Statement } from '#signing';
import { eventually } from '#testing';
import { openNote, verifyConsistency, verifyInclusion } from '#tlog';
import type { AuditNetwork } from './audit-network.js';
import { networkOfWindows, newestWindow, rotated, standings, WINDOWS } from './windows-lab.js';

jest.setTimeout(120_000);

/** Ahead of the broker's and the statements' time: what the sweeper waits for. */
let aheadMs = 0;
const clock = { now: () => Date.now() + aheadMs };
let network: AuditNetwork;
let app: RunningApp;
beforeAll(async () => {
  network = await networkOfWindows();
  app = await network.start(
    { rotationIntervalMs: 50, sweepIntervalMs: 50, longestDeadlineMs: 60_000, sweepGraceMs: 60_000 },
    { clock },
  );
  await network.enact(network.world);
});
afterAll(() => network.close());

const get = async (path: string) => fetch(`${app.url}${path}`);
const place = (at: number) => (WINDOWS[at] ?? '').split('/').slice(-2).join('/');
const payloads = async (logId: number) =>
  (await network.leaves())
    .filter((leaf) => leaf.log_id === logId)
    .map(({ body }) => {
      const parsed = parseStatement(body.toString());
      return parsed.ok ? parsed.value : undefined;
    });

describe('a rotation', () => {
  const stamped: Statement[] = [];
  let inOld: Statement;
  let late: Statement;

  it('under load loses no stamp and doubles none', async () => {
    inOld = await network.requested();
    late = await network.requested();
    await network.stampAndWait(inOld);
    await network.stampAndWait(late);
    const over = new AbortController();
    const load = (async () => {
      while (!over.signal.aborted) {
        const some = await Promise.all(Array.from({ length: 40 }, () => network.requested()));
        stamped.push(...some);
        await network.stamp(some);
      }
    })();
    await eventually(() => stamped.length > 200);
    await rotated(network, 2);
    const atBorder = stamped.length;
    await eventually(() => stamped.length > atBorder + 200);
    over.abort();
    await load;
    await eventually(() => stamped.every(({ leafHash }) => network.receiptOf(leafHash)?.isProven), {
      timeoutMs: 60_000,
    });
    expect(new Set(await standings(network, stamped))).toEqual(new Set([1]));
    const windows = new Set(stamped.map(({ leafHash }) => network.receiptOf(leafHash)?.origin));
    expect([...windows].sort()).toEqual(WINDOWS.slice(0, 2));
  });

  it('states both sides of the border, and goes on with the manifest that stands', async () => {
    const [old, young] = [await payloads(1), await payloads(2)];
    const closed = old.at(-1);
    expect(closed?.payload).toMatchObject({ t: 'log.closed', n: old.length });
    expect(closed?.payload.ref?.startsWith(`${WINDOWS[1]}+`)).toBe(true);
    const [first, second] = young;
    const final = await (await get(`/log/${place(0)}/checkpoint`)).text();
    const opened = openNote(final, network.noteKeys);
    expect(opened).toMatchObject({ ok: true, value: { size: old.length } });
    expect(first?.payload).toMatchObject({
      t: 'log.opened',
      n: old.length,
      prev: closed?.leafHash.toString('base64url'),
      doc: `h0:${sha256(opened.ok ? opened.value.text : '').toString('base64url')}`,
    });
    const standing = old.findLast((statement) => statement?.payload.t === 'registry.manifest');
    expect(second?.jws).toBe(standing?.jws);
  });

  it('answers who stamps again with the receipt that stands in the old window', async () => {
    const { leaf } = await network.stampAndWait(inOld);
    const receipt = network.receiptOf(inOld.leafHash);
    expect(receipt).toMatchObject({ isProven: true, origin: WINDOWS[0] });
    expect(Number(leaf.index)).toBeLessThan((await payloads(1)).length);
    expect(await standings(network, [inOld])).toEqual([1]);
  });

  it('keeps a slot taken that is taken in the old window, and alarms about a second story', async () => {
    const story = await network.requested({ id: inOld.payload.id, pur: 'other' });
    const before = network.receipts.length;
    await network.stamp([story]);
    const receipt = await eventually(() =>
      network.receipts.slice(before).find(({ leaf }) => inOld.leafHash.equals(leaf.leafHash)),
    );
    expect(receipt).toMatchObject({ isProven: true, origin: WINDOWS[0] });
    expect(await standings(network, [story])).toEqual([0]);
    await eventually(async () => (await payloads(2)).some((statement) => statement?.payload.ref === story.payload.id));
  });

  it('counts a sequel in the new window for a request in the old one, and ends a request that has none', async () => {
    const answered = await network.answered(late);
    expect(await network.stampAndWait(answered)).toMatchObject({ isProven: true, origin: WINDOWS[1] });
    aheadMs = 200_000;
    const swept = await eventually(async () => {
      const stated = (await payloads(2)).filter((statement) => statement?.payload.why === 'no-outcome');
      return stated.find((statement) => statement?.payload.id === inOld.payload.id);
    });
    expect(swept.payload.prev).toBe(inOld.leafHash.toString('base64url'));
    const all = [...(await payloads(1)), ...(await payloads(2))];
    expect(all.filter((one) => one?.payload.why === 'no-outcome' && one.payload.id === late.payload.id)).toEqual([]);
  });

  it('goes on with the law: a manifest follows the one that stands', async () => {
    const renewal = await network.manifest(network.world);
    expect(await network.stampAndWait(renewal)).toMatchObject({ isProven: true, origin: WINDOWS[1] });
  });

  it('is published: each window, its key, its state and its neighbours', async () => {
    const { logs } = (await (await get('/.well-known/audit-logs.json')).json()) as {
      logs: Record<string, string>[];
    };
    expect(logs).toMatchObject([
      { origin: WINDOWS[0], state: 'closed', successor: WINDOWS[1] },
      { origin: WINDOWS[1], state: 'open', predecessor: WINDOWS[0] },
    ]);
    expect(logs[0]?.['finalCheckpoint']).toContain(`${WINDOWS[0]}\n${(await payloads(1)).length}\n`);
    expect(logs.map((log) => log['vkey']?.startsWith(`${log['origin']}+`))).toEqual([true, true]);
  });

  it('serves proofs of the closed window, of every size that it had', async () => {
    const old = await payloads(1);
    const hashes = (await network.leaves()).filter((leaf) => leaf.log_id === 1).map(({ leaf_hash }) => leaf_hash);
    const final = openNote(await (await get(`/log/${place(0)}/checkpoint`)).text(), network.noteKeys);
    const root = final.ok ? final.value.root : Buffer.alloc(0);
    const log = encodeURIComponent(WINDOWS[0] ?? '');
    for (const index of [0, 1, old.length - 1]) {
      const answer = await get(`/proof/inclusion?index=${index}&size=${old.length}&log=${log}`);
      const { path, log: origin } = (await answer.json()) as { path: string[]; log: string };
      const hash = hashes[index] ?? Buffer.alloc(0);
      const steps = path.map((step) => Buffer.from(step, 'base64'));
      expect(origin).toBe(WINDOWS[0]);
      expect(verifyInclusion(hash, index, old.length, steps, root)).toBe(true);
    }
    const { proof } = (await (await get(`/proof/consistency?from=0&to=${old.length}&log=${log}`)).json()) as {
      proof: string[];
    };
    expect(
      verifyConsistency(
        { size: 0, root: sha256('') },
        { size: old.length, root },
        proof.map((step) => Buffer.from(step, 'base64')),
      ),
    ).toBe(true);
  });

  it.each([
    ['/proof/inclusion?index=0&size=100000000&log=OLD', 404],
    ['/proof/inclusion?index=5&size=5&log=OLD', 400],
    ['/proof/inclusion?index=-1&size=5&log=OLD', 400],
    ['/proof/inclusion?index=9007199254740993&size=9007199254740995&log=OLD', 404],
    ['/proof/consistency?from=9&to=8&log=OLD', 400],
    ['/proof/inclusion?index=0&size=1&log=audit.test.example/TEST/0/1999h1', 404],
    [`/proof/inclusion?index=0&size=1&log=${'x'.repeat(300)}`, 400],
    ['/v1/manifests/governing?index=100000000&log=OLD', 404],
    ['/log/0/1999h1/checkpoint', 404],
    ['/log/0/..%2f/checkpoint', 404],
    [`/log/${place(0)}/tile/0/x001/000`, 404],
    [`/log/${place(0)}/tile/0/nonsense`, 404],
  ])('refuses nonsense about a closed window: %s', async (path, status) => {
    const answer = await get(path.replace('OLD', encodeURIComponent(WINDOWS[0] ?? '')));
    expect(answer.status).toBe(status);
  });

  it('leaves the closed window as it is, whoever writes to it', async () => {
    for (const sql of [
      'UPDATE audit.log_head SET size = size + 1 WHERE log_id = 1',
      'UPDATE audit.log_head SET final_size = NULL WHERE log_id = 1',
      "UPDATE audit.log_head SET note = 'x' WHERE log_id = 1",
      'UPDATE audit.log_head SET next_offset = 0 WHERE log_id = 1',
      "UPDATE audit.log_leaf_2 SET slot = 'x'",
      'DELETE FROM audit.log_leaf_2',
      'TRUNCATE audit.log_leaf_2',
    ])
      await expect(network.database.query(sql)).rejects.toMatchObject({ code: expect.anything() });
  });

  it('survives a restart, whose process takes the newest window', async () => {
    await app.close();
    app = await network.start({ rotationIntervalMs: 50 });
    expect(await network.stampAndWait(await network.requested(), 30_000)).toMatchObject({
      isProven: true,
      origin: WINDOWS[1],
    });
    expect(await network.stampAndWait(inOld)).toMatchObject({ isProven: true, origin: WINDOWS[0] });
    expect(await newestWindow(network)).toBe(2);
  });
});
