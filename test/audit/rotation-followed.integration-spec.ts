import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { RunningApp } from '#platform';
import { parseStatement, type Statement } from '#signing';
import { eventually } from '#testing';
import { openNote, openWitnessed, parsePolicy } from '#tlog';
import type { AuditConfig } from '../../apps/audit/src/audit.config.js';
import { verifyLog, type LogSource } from '../../apps/cli/src/verify-log/index.js';
import { startWitness, type RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import { inlineChecks } from '../conformance/log-in-memory.js';
import { AuditNetwork } from './audit-network.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import { TimeStandIn } from './time-stand-in.js';
import { askForRotation, newestWindow, rotated, standings, WINDOWS } from './windows-lab.js';

jest.setTimeout(180_000);
const WAIT = { timeoutMs: 60_000 };

/** An instance whose log is witnessed, exported, scrubbed and time-stamped: all of that goes on over a rotation. */
let network: AuditNetwork;
let app: RunningApp;
let witnesses: RunningWitness[];
let lab: TimeLab | undefined;
let authority: TimeStandIn | undefined;
let settings: Partial<AuditConfig>;
const exportDir = mkdtempSync(join(tmpdir(), 'kerege-followed-'));

const placeOf = (at: number) => (WINDOWS[at] ?? '').split('/').slice(-2).join('/');
const folderOf = (at: number) => join(exportDir, 'log', placeOf(at));
const lines = () => [
  ...witnesses.map(({ vkey }, at) => `witness w${at + 1} ${vkey}`),
  'group both all w1 w2',
  'quorum both',
];

beforeAll(async () => {
  const pems: string[] = [];
  if (hasOpenssl) {
    lab = new TimeLab();
    pems.push(lab.root('root'));
    lab.authority('tsa', 'root');
    const made = lab;
    authority = new TimeStandIn((query) => made.reply('tsa', query));
  }
  network = await AuditNetwork.create({ origins: WINDOWS, timestampRoots: pems });
  witnesses = await Promise.all([1, 2].map((number) => startOne(number)));
  network.trustWitnesses(lines());
  settings = {
    rotationIntervalMs: 50,
    exportDir,
    scrubPercent: 100,
    scrubIntervalMs: 50,
    leaseMs: 500,
    witnesses: witnesses.map(({ url }, at) => `w${at + 1}=${url}`),
    ...(authority === undefined ? {} : { timeAuthorities: [`tsa=${await authority.listen()}`], timeIntervalMs: 200 }),
  };
  app = await network.startInForce(settings);
});
afterAll(async () => {
  await network.close();
  await Promise.all(witnesses.map((witness) => witness.close()));
  await authority?.close();
  lab?.close();
  rmSync(exportDir, { recursive: true });
});

function startOne(number: number): Promise<RunningWitness> {
  const keyFile = join(network.directory, `w${number}.witness`);
  const d = Buffer.alloc(32, number).toString('base64url');
  writeFileSync(keyFile, JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', d }] }));
  const trustFile = join(network.directory, 'trust.json');
  const directory = join(network.directory, `memory-${number}`);
  const name = `w${number}.test.example`;
  return startWitness({ host: '127.0.0.1', port: 0, name, keyFile, trustFile, directory }, () => undefined);
}

const stampSome = async (count: number): Promise<Statement[]> => {
  const some = await Promise.all(Array.from({ length: count }, () => network.requested()));
  await network.stamp(some);
  await eventually(() => some.every(({ leafHash }) => network.receiptOf(leafHash)?.isProven), WAIT);
  return some;
};
const finalSize = async (logId: number): Promise<number> => {
  const [row] = await network.database.query<{ final_size: string | null }>(
    'SELECT final_size FROM audit.log_head WHERE log_id = $1',
    [logId],
  );
  return Number(row?.final_size ?? 0);
};
/** Size of the checkpoint that is served of a window, once both witnesses stand for it. */
const witnessedSize = async (at: number): Promise<number | undefined> => {
  const policy = parsePolicy([`log ${await vkeyOf(at)}`, ...lines()].join('\n'));
  if (!policy.ok) throw new TypeError(policy.reason.problem);
  const opened = openWitnessed(await (await fetch(`${app.url}/log/${placeOf(at)}/checkpoint`)).text(), policy.value);
  return opened.ok && opened.value.isWitnessed ? opened.value.checkpoint.size : undefined;
};
const vkeyOf = async (at: number): Promise<string> => {
  const trust = JSON.parse(await readFile(join(network.directory, 'trust.json'), 'utf8')) as { logs: string[] };
  return trust.logs[at] ?? '';
};
const exportedSize = async (at: number): Promise<number> => {
  const note = await readFile(join(folderOf(at), 'checkpoint')).catch(() => Buffer.alloc(0));
  const opened = openNote(note, network.noteKeys);
  return opened.ok ? opened.value.size : 0;
};
const folder = (at: number): LogSource => ({
  read: (path) => readFile(join(folderOf(at), path)).catch(() => undefined),
});
const judged = async (at: number) => {
  const { report } = await verifyLog({
    source: folder(at),
    trust: await readFile(join(network.directory, 'trust.json')),
    checks: inlineChecks,
    window: 4,
    ...(at === 0 ? {} : { before: { name: 'before', source: folder(at - 1) } }),
  });
  return report;
};
const passes = async (logId: number): Promise<number> => {
  const [row] = await network.database.query<{ passes: string }>(
    'SELECT passes FROM audit.scrub_cursor WHERE log_id = $1',
    [logId],
  );
  return Number(row?.passes ?? 0);
};
const tokenOf = async (logId: number, size: number) =>
  network.database.query(`SELECT FROM audit.log_anchor WHERE log_id = $1 AND size = $2 AND kind = 'timestamp'`, [
    logId,
    size,
  ]);
/** Everything that follows the log has the last of window `at`, and goes on in the next. */
async function isFollowed(at: number): Promise<void> {
  const last = await finalSize(at + 1);
  await stampSome(3);
  const { size } = await network.head();
  await eventually(async () => (await witnessedSize(at)) === last, WAIT);
  await eventually(async () => ((await witnessedSize(at + 1)) ?? 0) >= size, WAIT);
  await eventually(async () => (await exportedSize(at)) === last, WAIT);
  await eventually(async () => (await exportedSize(at + 1)) >= size, WAIT);
  const [old, young] = [await passes(at + 1), await passes(at + 2)];
  await eventually(async () => (await passes(at + 1)) > old && (await passes(at + 2)) > young, WAIT);
  if (hasOpenssl) await eventually(async () => (await tokenOf(at + 1, last)).length === 1, WAIT);
  const findings = await network.database.query('SELECT problem, place FROM audit.scrub_finding');
  expect(findings).toEqual([]);
  expect(await judged(at)).toMatchObject({ findings: [], verified: true, size: last, followedBy: WINDOWS[at + 1] });
  const next = await judged(at + 1);
  expect(next).toMatchObject({ findings: [], verified: true, follows: WINDOWS[at] });
  expect(next.continues).toEqual([{ name: 'before', size: last }]);
}

describe('a rotation of a log that is witnessed, exported, scrubbed and time-stamped', () => {
  it('is followed by all of them', async () => {
    await stampSome(300);
    await rotated(network, 2);
    await isFollowed(0);
    if (!hasOpenssl) return;
    // The old window can say nothing any more: the new one says that its last checkpoint was time-stamped.
    const last = await finalSize(1);
    await eventually(async () => {
      const statements = (await network.leaves())
        .filter(({ log_id: id }) => id === 2)
        .map(({ body }) => body.toString());
      return statements.some((jws) => {
        const parsed = parseStatement(jws);
        return parsed.ok && parsed.value.payload.t === 'anchor.tsr' && parsed.value.payload.n === last;
      });
    }, WAIT);
  });

  it('shows in /status as nothing amiss', async () => {
    const { parts } = (await (await fetch(`${app.url}/status`)).json()) as { parts: { part: string; state: string }[] };
    const followers = ['witnesses', 'export', 'scrub', 'rotation', 'trusted-time'];
    expect(parts.filter(({ part }) => followers.includes(part)).map(({ part, state }) => [part, state])).toEqual(
      expect.arrayContaining(followers.map((part) => [part, 'ok'])),
    );
  });

  it('is followed by the next process, where the one that closed the window was killed before anything was out', async () => {
    const before = await stampSome(20);
    await network.database.query(`
      CREATE FUNCTION audit.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'stumbles' USING ERRCODE = 'io_error'; END $$`);
    await network.database.query(
      'CREATE TRIGGER stumbles BEFORE INSERT ON audit.log_head FOR EACH ROW EXECUTE FUNCTION audit.stumble()',
    );
    await network.database.query(
      `CREATE TRIGGER stumbles BEFORE INSERT ON audit.log_anchor FOR EACH ROW EXECUTE FUNCTION audit.stumble()`,
    );
    await askForRotation(network, 2);
    await eventually(async () => (await finalSize(2)) > 0, WAIT);
    await app.close();
    for (const table of ['log_head', 'log_anchor'])
      await network.database.query(`DROP TRIGGER stumbles ON audit.${table}`);
    expect(await newestWindow(network)).toBe(2);
    app = await network.start(settings);
    await eventually(async () => (await newestWindow(network)) === 3, WAIT);
    await isFollowed(1);
    expect(new Set(await standings(network, before))).toEqual(new Set([1]));
  });
});
