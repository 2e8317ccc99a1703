import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { RunningApp } from '#platform';
import { openDatabase } from '#postgres';
import type { Statement } from '#signing';
import { eventually } from '#testing';
import {
  decodeBundle,
  leafHash,
  openNote,
  parseTlogProof,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  verifyInclusion,
  type TileAddress,
} from '#tlog';
import { operate } from '../../apps/audit/src/operator/operate.service.js';
import type { AuditNetwork } from './audit-network.js';
import { networkOfWindows, newestWindow, WINDOWS } from './windows-lab.js';

jest.setTimeout(120_000);

const ORIGIN = WINDOWS[0] ?? '';
const PLACE = ORIGIN.split('/').slice(-2).join('/');
const WINDOW = ORIGIN.split('/').at(-1) ?? '';
const archive = mkdtempSync(join(tmpdir(), 'kerege-archive-'));
let network: AuditNetwork;
let app: RunningApp;
let stamped: Statement[];
let size: number;
beforeAll(async () => {
  network = await networkOfWindows();
  app = await network.start({ rotationIntervalMs: 50, archiveDir: archive });
  await network.enact(network.world);
  stamped = await Promise.all(Array.from({ length: 600 }, () => network.requested()));
  await network.stamp(stamped);
  await eventually(() => network.receiptOf((stamped.at(-1) as Statement).leafHash)?.isProven, { timeoutMs: 60_000 });
});
afterAll(async () => {
  await network.close();
  rmSync(archive, { recursive: true, force: true });
});

const command = (...words: string[]) =>
  operate(words, network.config({ archiveDir: archive }), () =>
    openDatabase({ url: network.url, schema: 'audit', migrations: [], poolSize: 1 }),
  );
const get = (path: string) => fetch(`${app.url}${path}`);
const bytes = async (path: string) => Buffer.from(await (await get(path)).arrayBuffer());
const file = (path: string) => join(archive, 'log', PLACE, path);

function addresses(): TileAddress[] {
  const kinds: (number | 'entries')[] = ['entries', 0, 1];
  return kinds.flatMap((level) => {
    const found: TileAddress[] = [];
    for (let index = 0; tileWidth(size, level, index) > 0; index += 1)
      found.push({ level, index, width: tileWidth(size, level, index) });
    return found;
  });
}

/** What any mirror of the public log has. */
async function mirror(): Promise<void> {
  for (const path of ['checkpoint', ...addresses().map(tilePath)]) {
    mkdirSync(dirname(file(path)), { recursive: true });
    writeFileSync(file(path), await bytes(`/log/${PLACE}/${path}`));
  }
}

describe('the operator', () => {
  it('ends a window by command', async () => {
    expect(await command('windows')).toEqual([expect.stringContaining(`${ORIGIN} open `)]);
    await command('rotate');
    await eventually(async () => (await newestWindow(network)) === 2, { timeoutMs: 30_000 });
    const listed = await command('windows');
    expect(listed[0]).toMatch(/ closed \d+$/u);
    size = Number(listed[0]?.split(' ').at(-1));
    expect(listed[1]).toBe(`2 ${WINDOWS[1]} open 2`);
  });

  it('is given a key for a window to come, once, and only for one that can be', async () => {
    const [path = '', vkey] = await command('key', '2099h1');
    expect(vkey?.startsWith('audit.test.example/TEST/0/2099h1+')).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('"d"');
    await expect(command('key', '2099h1')).rejects.toMatchObject({ code: 'key-exists' });
    for (const name of ['2099q1', 'x', '../2099h1', '2099h1-1'])
      await expect(command('key', name)).rejects.toMatchObject({ code: 'window-name' });
  });

  it.each([[], ['detach'], ['key'], ['drop', WINDOW]])('is told of a word too few or wrong: %j', async (...words) => {
    await expect(command(...words)).rejects.toMatchObject({ code: 'operator-command' });
  });

  it('cannot take out a window that is still looked into, or whose files are not whole', async () => {
    await mirror();
    await expect(command('detach', '1999h1')).rejects.toMatchObject({ code: 'window-unknown' });
    await expect(command('detach', WINDOW)).rejects.toMatchObject({ code: 'window-not-frozen' });
    await network.database.transaction(async (queries) => {
      await queries.query('SET LOCAL session_replication_role = replica');
      await queries.query(`UPDATE audit.log_head SET closed = now() - interval '26 hours' WHERE log_id = 1`);
    });
    for (const path of ['checkpoint', ...addresses().map(tilePath)]) {
      const whole = readFileSync(file(path));
      const altered = Buffer.from(whole);
      altered.writeUInt8((altered.at(-1) ?? 0) ^ 1, altered.length - 1);
      for (const wrong of [altered, whole.subarray(1), Buffer.concat([whole, Buffer.alloc(1)])]) {
        writeFileSync(file(path), wrong);
        await expect(command('detach', WINDOW)).rejects.toMatchObject({ code: 'window-files-missing' });
      }
      rmSync(file(path));
      await expect(command('detach', WINDOW)).rejects.toMatchObject({ code: 'window-files-missing' });
      writeFileSync(file(path), whole);
    }
    expect((await network.leaves()).length).toBe(size + 2);
  });
});

describe('a frozen window whose leaves have left the database', () => {
  beforeAll(async () => {
    expect(await command('detach', WINDOW)).toEqual([expect.any(String), 'log_leaf_default']);
    expect((await network.leaves()).every((leaf) => leaf.log_id === 2)).toBe(true);
    await eventually(async () => (await (await get('/.well-known/audit-logs.json')).text()).includes('"frozen"'));
  });

  it('shows in /status as one that is not scrubbed', async () => {
    const scrub = async () => {
      const { parts } = (await (await get('/status')).json()) as {
        parts: { part: string; details?: { windowsNotScrubbed?: number } }[];
      };
      return parts.find(({ part }) => part === 'scrub')?.details?.windowsNotScrubbed;
    };
    await eventually(async () => (await scrub()) === 1);
  });

  it('is served from its files, in every width', async () => {
    const note = (await bytes(`/log/${PLACE}/checkpoint`)).toString();
    expect(openNote(note, network.noteKeys)).toMatchObject({ ok: true, value: { size } });
    for (const address of addresses()) {
      const whole = readFileSync(file(tilePath(address)));
      expect((await bytes(`/log/${PLACE}/${tilePath(address)}`)).equals(whole)).toBe(true);
      const narrow = { ...address, width: 1 };
      const part = await bytes(`/log/${PLACE}/${tilePath(narrow)}`);
      expect(whole.subarray(0, part.length).equals(part)).toBe(true);
      if (address.level === 'entries') expect(decodeBundle(part, 1)).toHaveLength(1);
      else expect(part).toHaveLength(32);
    }
    const beyond = tilePath({ level: 0, index: Math.floor(size / TILE_WIDTH), width: (size % TILE_WIDTH) + 1 });
    expect((await get(`/log/${PLACE}/${beyond}`)).status).toBe(404);
  });

  it('proves each leaf in its final tree, and in an older one', async () => {
    const log = encodeURIComponent(ORIGIN);
    const opened = openNote(await bytes(`/log/${PLACE}/checkpoint`), network.noteKeys);
    const root = opened.ok ? opened.value.root : Buffer.alloc(0);
    for (const statement of [stamped[0], stamped[300], stamped.at(-1)] as Statement[]) {
      const index = Number(network.receiptOf(statement.leafHash)?.leaf.index);
      const answer = await get(`/proof/inclusion?index=${index}&size=${size}&log=${log}`);
      const { path } = (await answer.json()) as { path: string[] };
      const steps = path.map((step) => Buffer.from(step, 'base64'));
      expect(verifyInclusion(statement.leafHash, index, size, steps, root)).toBe(true);
    }
    expect((await get(`/proof/inclusion?index=3&size=300&log=${log}`)).status).toBe(200);
    expect((await get(`/proof/consistency?from=299&to=${size}&log=${log}`)).status).toBe(200);
  });

  it('gives out leaves by their places with proofs, the last of it too', async () => {
    const opened = openNote(await bytes(`/log/${PLACE}/checkpoint`), network.noteKeys);
    const root = opened.ok ? opened.value.root : Buffer.alloc(0);
    const places = [stamped[0], stamped[300], stamped.at(-1)].map((statement) => ({
      index: Number(network.receiptOf((statement as Statement).leafHash)?.leaf.index),
      leaf: (statement as Statement).jws,
    }));
    const indices = [...places.map(({ index }) => index), size - 1, size];
    const answer = await get(`/proof/leaves?log=${encodeURIComponent(ORIGIN)}&indices=${indices.join(',')}`);
    expect(answer.status).toBe(200);
    const { leaves } = (await answer.json()) as { leaves: { index: number; leaf: string; proof: string }[] };
    expect(leaves.map(({ index }) => index)).toEqual(indices.slice(0, -1));
    expect(leaves).toEqual(expect.arrayContaining(places.map((place) => expect.objectContaining(place))));
    for (const { index, leaf, proof } of leaves) {
      const parsed = parseTlogProof(proof);
      const path = parsed.ok ? parsed.value.path : [];
      expect(verifyInclusion(leafHash(Buffer.from(leaf)), index, size, path, root)).toBe(true);
    }
  });

  it('does not keep the log from going on, also after a restart', async () => {
    await app.close();
    app = await network.start({ rotationIntervalMs: 50, archiveDir: archive });
    const receipt = await network.stampAndWait(await network.requested(), 30_000);
    expect(receipt).toMatchObject({ isProven: true, origin: WINDOWS[1] });
  });
});
