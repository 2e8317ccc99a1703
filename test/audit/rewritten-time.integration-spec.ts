import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '#local';
import type { RunningApp } from '#platform';
import type { Statement } from '#signing';
import { topicSpecsOf } from '#snapshot';
import { eventually, isolatedBus, testBus, uniqueName } from '#testing';
import { checkStoredToken, timeOf } from '../../apps/audit/src/trusted-time/time-token.js';
import { parseRoots } from '../../apps/audit/src/trusted-time/token-certificates.js';
import { logSource } from '../../apps/cli/src/log-check/log-source.service.js';
import { ThreadedChecks, verifyLog } from '../../apps/cli/src/verify-log/index.js';
import { AuditNetwork } from './audit-network.js';
import { AUDITOR, READERS, ReaderClient, waitForIndex, worldOfReaders } from './readers.js';
import { noteAt, rewriteLeaf } from './rewritten-log.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import { TimeStandIn } from './time-stand-in.js';

jest.setTimeout(180_000);

const tools = ['unzip', 'sha256sum', 'python3'];
const hasTools = hasOpenssl && tools.every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0);

let lab: TimeLab;
let authority: TimeStandIn;
let network: AuditNetwork;
let root: string;
let requested: Statement;
/** Of a checkpoint that covers the leaf which is rewritten: the token, and the note as it was stamped. */
let stamped: { readonly size: number; readonly token: Buffer; readonly note: string };
/** The note of that size after the leaf was rewritten and all was signed again. */
let forged: string;
let before: Judgement;
let again: RunningApp;
const closing: (() => Promise<void>)[] = [];

interface Judgement {
  readonly code: number | null;
  readonly text: string;
}

/** What the script for courts says of the package about the later exchange. */
async function judgePackage(app: RunningApp, name: string): Promise<Judgement> {
  const answer = await new ReaderClient(network, app.url).get(AUDITOR, `/v1/packages?exchange=${requested.payload.id}`);
  expect(answer.status).toBe(200);
  const file = join(network.directory, `${name}.zip`);
  writeFileSync(file, answer.body);
  const script = join(repositoryRoot(), 'test/conformance/verify-package.sh');
  const { status, stdout, stderr } = spawnSync(script, [file, join(network.directory, 'trust.json')]);
  return { code: status, text: `${stdout.toString()}${stderr.toString()}` };
}

async function firstTokenCovering(index: number): Promise<typeof stamped | undefined> {
  const [row] = await network.database.query<{ size: string; data: Buffer; note: Buffer }>(
    `SELECT token.size, token.data, note.data AS note
       FROM audit.log_anchor token JOIN audit.log_anchor note USING (log_id, size)
      WHERE token.kind = 'timestamp' AND note.kind = 'note' AND token.size > $1
      ORDER BY token.size LIMIT 1`,
    [index],
  );
  return row === undefined ? undefined : { size: Number(row.size), token: row.data, note: row.note.toString('utf8') };
}

// Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
(hasTools ? describe : describe.skip)('a log that was rewritten and signed again with its own key', () => {
  beforeAll(async () => {
    lab = new TimeLab();
    root = lab.root('root');
    lab.authority('tsa', 'root');
    authority = new TimeStandIn((query) => lab.reply('tsa', query));
    network = await AuditNetwork.create({ timestampRoots: [root] });
    // Whoever rewrites a log lets nobody scrub it.
    const settings = { ...READERS, scrubPercent: 0 };
    const timeAuthorities = [`tsa=${await authority.listen()}`];
    const first = await network.start({ ...settings, timeAuthorities, timeIntervalMs: 50 });
    await network.enact(await worldOfReaders(network));
    const { leaf: old } = await network.stampAndWait(await network.requested());
    requested = await network.requested();
    const { leaf } = await network.stampAndWait(requested);
    stamped = await eventually(() => firstTokenCovering(Number(leaf.index)), { timeoutMs: 30_000 });
    await waitForIndex(network);
    before = await judgePackage(first, 'before');
    await first.close();
    await rewriteLeaf(network, Number(old.index));
    forged = await noteAt(network, stamped.size);
    // Without a token its package would say that nothing proves the time: the old one is put beside the new note.
    await network.database.query(
      `INSERT INTO audit.log_anchor (log_id, size, kind, source, data)
       VALUES (1, $1, 'note', 'log', $2), (1, $1, 'timestamp', 'tsa', $3)`,
      [stamped.size, Buffer.from(forged), stamped.token],
    );
    const bus = isolatedBus(await testBus(), uniqueName('rewritten'));
    closing.push(() => bus.close());
    await bus.ensureTopics(topicSpecsOf(network.world.snapshot));
    again = await network.start({ ...settings, acceptNewTopic: true }, { bus });
  });
  afterAll(async () => {
    await network.close();
    for (const close of closing) await close();
    await authority.close();
    lab.close();
  });

  it('is caught by an old token: openssl ts -verify refuses it over the new note of its size', () => {
    expect(forged.split('\n').slice(0, 2)).toEqual(stamped.note.split('\n').slice(0, 2));
    expect(lab.verifies(stamped.note, stamped.token, root)).toBe(true);
    expect(lab.verifies(forged, stamped.token, root)).toBe(false);
  });

  it('is caught by our own check of the token, which is sound in itself', async () => {
    const check = (note: string) =>
      checkStoredToken(stamped.token, {
        text: Buffer.from(note.slice(0, note.indexOf('\n\n') + 1)),
        roots: parseRoots(root) ?? [],
        nowMs: Date.now(),
      });
    expect(await check(stamped.note)).toEqual({ ok: true, value: { timeMs: timeOf(stamped.token) } });
    expect(await check(forged)).toEqual({ ok: false, reason: 'token-imprint' });
  });

  it('is caught by whoever checks its evidence package, though it is about another leaf', async () => {
    expect([before.code, before.text]).toEqual([0, expect.stringContaining('1 time-stamps are good')]);
    const after = await judgePackage(again, 'after');
    expect([after.code, after.text]).toEqual([1, expect.stringMatching(/NOT VERIFIED: time-stamp \S+ is wrong/)]);
  });

  it('is caught by kerege verify-log against the checkpoint that was stamped', async () => {
    const checks = new ThreadedChecks(1);
    closing.push(() => checks.close());
    const { report } = await verifyLog({
      source: logSource(`${again.url}/log/0/2026h2/`),
      trust: readFileSync(join(network.directory, 'trust.json')),
      checks,
      window: 8,
      treeOnly: true,
      against: { name: 'stamped', note: Buffer.from(stamped.note) },
    });
    expect(report.findings.map(({ code }) => code)).toEqual(['log-forked']);
  });
});
