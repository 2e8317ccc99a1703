import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toBase64Url } from '#kernel';
import { jwkSigner, type Statement } from '#signing';
import { eventually } from '#testing';
import { amendWorld, freshKey, publishedKey, withSigningKeys } from '../../../../test/audit/amended-world.js';
import { freshLogKey } from '../../../../test/conformance/log-in-memory.js';
import { layLog, layWorld, trustOf } from '../../../../test/load/verify/lay-log.js';
import { SignedLog } from '../../../../test/load/verify/signed-log.js';
import { runKerege } from '../kerege.command.js';
import { monitorCommand } from './monitor.command.js';

const CONSUMER = 'TEST/GOV/1000/mygov';
const signer = freshLogKey();
const NOW = Date.UTC(2026, 10, 1);
let dir: string;
let log: SignedLog;
let statements: Statement[];
let out: string;
let told: string;
const terminal = {
  out: (text: string) => void (out += text),
  tell: (line: string) => void (told += `${line}\n`),
  paint: (_colour: string, text: string) => text,
};

async function put(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(join(dir, 'log', path)), { recursive: true });
  await writeFile(join(dir, 'log', path), bytes);
}

async function lay(): Promise<void> {
  await rm(join(dir, 'log/tile'), { recursive: true, force: true });
  await layWorld(log.world, put);
  await layLog(
    statements.map(({ jws }) => Buffer.from(jws)),
    signer,
    put,
  );
}

async function monitor(...args: string[]) {
  out = told = '';
  const code = await runKerege(
    ['monitor', join(dir, 'log'), '--subsystem', CONSUMER, '--trust', join(dir, 'trust.json'), '--once', ...args],
    terminal,
  );
  return {
    code,
    alarms: out
      .split('\n')
      .filter(Boolean)
      .map((line) => String(JSON.parse(line).alarm)),
  };
}

const ownFile = async (own: readonly Statement[]) => {
  await writeFile(
    join(dir, 'own'),
    own
      .map(({ leafHash }, at) =>
        at % 2 === 0 ? leafHash.toString('hex') : JSON.stringify({ leaf: toBase64Url(leafHash) }),
      )
      .join('\n'),
  );
  return join(dir, 'own');
};
const ownKey = () => log.world.keysOf(CONSUMER).sign;
const document = async () => {
  const entry = log.world.snapshot.members.find(({ id }) => id === 'TEST/GOV/1000');
  await writeFile(join(dir, 'document.jws'), `${entry?.document ?? ''}\n`);
  return join(dir, 'document.jws');
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kerege-monitor-'));
  log = await SignedLog.create();
  const requests = [await log.request(NOW), await log.request(NOW)] as const;
  statements = [await log.nextManifest(NOW), ...requests, await log.answer(requests[0], NOW)];
  await writeFile(join(dir, 'trust.json'), trustOf(log.world, signer.vkey));
  await lay();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('kerege monitor', () => {
  it('is quiet where all is the member’s own, by key file, list and document', async () => {
    const keys = join(dir, 'keys');
    await mkdir(keys);
    await writeFile(
      join(keys, 'TEST.GOV.1000.mygov.jwk'),
      JSON.stringify({ keys: [ownKey(), log.world.keysOf(CONSUMER).seal] }),
      { mode: 0o600 },
    );
    const own = await ownFile(statements.slice(1, 3));
    expect(await monitor('--keys-dir', keys, '--own', own, '--document', await document())).toEqual({
      code: 0,
      alarms: [],
    });
  });

  it('alarms on a key in its name that it did not make, and on what that key signs', async () => {
    const mine = [ownKey().kid, log.world.keysOf(CONSUMER).seal.kid].flatMap((kid) => ['--key', kid]);
    const original = await document();
    const { key, published } = freshKey();
    log.world = await amendWorld(log.world, 2, withSigningKeys(CONSUMER, [publishedKey(ownKey()), published]));
    statements.push(await log.nextManifest(NOW + 1), await log.request(NOW, jwkSigner(key)));
    await lay();
    expect(await monitor(...mine, '--document', original)).toEqual({
      code: 1,
      alarms: ['published-key-not-ours', 'document-not-ours', 'leaf-key-not-ours'],
    });
    expect(told).toContain('have the key revoked');
  });

  it('alarms on a leaf by its own key that it did not make, and on an own one that is not there', async () => {
    const mine = [ownKey().kid, log.world.keysOf(CONSUMER).seal.kid].flatMap((kid) => ['--key', kid]);
    const lost = await log.request(NOW);
    const own = await ownFile([statements[1], lost] as Statement[]);
    expect(await monitor(...mine, '--own', own)).toEqual({ code: 1, alarms: ['leaf-not-ours', 'own-missing'] });
  });

  it('alarms on a log that does not verify, and tells a wrong use from it', async () => {
    const mine = ['--key', ownKey().kid, '--key', log.world.keysOf(CONSUMER).seal.kid];
    await put('tile/0/000.p/4', Buffer.alloc(128));
    expect(await monitor(...mine)).toEqual({ code: 1, alarms: ['log-not-verified'] });
    expect((await monitor()).code).toBe(1);
    expect(told).toContain('monitor-without-keys');
    await writeFile(join(dir, 'own'), 'no hash');
    expect((await monitor(...mine, '--own', join(dir, 'own'))).code).toBe(1);
    expect(told).toContain('own-file-invalid');
  });

  it('follows the log, alarms once for each thing, and ends when it is told to', async () => {
    const ending = new AbortController();
    const keys = [ownKey().kid, log.world.keysOf(CONSUMER).seal.kid];
    out = told = '';
    const following = monitorCommand(
      {
        place: join(dir, 'log'),
        subsystem: CONSUMER,
        trustFile: join(dir, 'trust.json'),
        keys,
        ownFile: await ownFile(statements.slice(1, 3)),
        interval: 0.02,
        once: false,
        signal: ending.signal,
      },
      terminal,
    );
    statements.push(await log.request(NOW));
    await lay();
    await eventually(() => out.includes('leaf-not-ours'));
    await ownFile([...statements.slice(1, 3), await log.request(NOW)]);
    await eventually(() => out.includes('own-missing'));
    ending.abort();
    await following;
    // While its files were laid anew the log may have been caught half-way, which is no alarm of the member's.
    const alarms = out.split('\n').filter((line) => line !== '' && !line.includes('log-not-verified'));
    expect(alarms).toHaveLength(2);
  });
});
