import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AppStatus, RunningApp } from '#platform';
import { eventually } from '#testing';
import { openNote } from '#tlog';
import type { RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import { AuditNetwork } from './audit-network.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import { TimeStandIn } from './time-stand-in.js';
import { bothOf, deceive, openBy, startWitnessOf } from './witness-lab.js';

jest.setTimeout(120_000);
const WAIT = { timeoutMs: 40_000 };

// Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
(hasOpenssl ? describe : describe.skip)('a log with witnesses, trusted time and an export', () => {
  let lab: TimeLab;
  let authority: TimeStandIn;
  let network: AuditNetwork;
  let witnesses: RunningWitness[];
  let app: RunningApp;
  let exportDir: string;

  beforeEach(async () => {
    lab = new TimeLab();
    const root = lab.root('root');
    lab.authority('tsa', 'root');
    authority = new TimeStandIn((query) => lab.reply('tsa', query));
    network = await AuditNetwork.create({ timestampRoots: [root] });
    witnesses = [await startWitnessOf(network, 1), await startWitnessOf(network, 2)];
    network.trustWitnesses(bothOf(witnesses));
    exportDir = join(network.directory, 'export');
    app = await network.startInForce({
      witnesses: witnesses.map(({ url }, at) => `w${at + 1}=${url}`),
      exportDir,
      timeAuthorities: [`tsa=${await authority.listen()}`],
      timeIntervalMs: 50,
    });
  });
  afterEach(async () => {
    await network.close();
    await Promise.all([...witnesses.map((witness) => witness.close()), authority.close()]);
    lab.close();
  });

  const tokens = async (): Promise<number[]> => {
    const rows = await network.database.query<{ size: string }>(
      `SELECT size FROM audit.log_anchor WHERE kind = 'timestamp' ORDER BY size`,
    );
    return rows.map(({ size }) => Number(size));
  };
  const exported = async (): Promise<number> => {
    const opened = openNote(await readFile(join(exportDir, 'log/0/2026h2/checkpoint')), [network.noteKey]);
    return opened.ok ? opened.value.size : -1;
  };

  it('has its tokens of checkpoints that were published and cosigned, the first above each leaf', async () => {
    const indices: number[] = [];
    for (let turn = 0; turn < 8; turn += 1)
      indices.push(Number((await network.stampAndWait(await network.requested())).leaf.index));
    await eventually(async () => ((await tokens()).at(-1) ?? 0) > Math.max(...indices), WAIT);
    const sizes = await tokens();
    const timestamp = `${app.url}/log/0/2026h2/timestamp`;
    for (const size of sizes) {
      const note = await (await fetch(`${timestamp}/checkpoint?size=${size}`)).text();
      expect(openBy(network, bothOf(witnesses), note)).toMatchObject({ isWitnessed: true, checkpoint: { size } });
    }
    for (const index of indices) {
      const answer = await fetch(`${timestamp}?index=${index}`);
      expect(Number(answer.headers.get('kerege-log-size'))).toBe(sizes.find((size) => size > index));
      await answer.body?.cancel();
    }
  });

  it('gets neither tokens nor exported checkpoints any more once a witness has seen a fork of it', async () => {
    await network.stampAndWait(await network.requested());
    const { size } = await network.head();
    await eventually(async () => (await tokens()).length > 0 && (await exported()) >= size, WAIT);
    witnesses[1] = await deceive(network, witnesses[1]!, 2);
    await network.stampAndWait(await network.requested());
    await eventually(async () => {
      const { parts } = (await (await fetch(`${app.url}/status`)).json()) as AppStatus;
      return parts.find(({ part }) => part === 'witnesses')?.state === 'down';
    }, WAIT);
    // What was under way when it was seen may end: a token of what was published, a checkpoint of what was written.
    let before: unknown;
    const standing = async () => ({ asked: authority.asked, tokens: await tokens(), exported: await exported() });
    await eventually(async () => {
      const last = JSON.stringify(before);
      before = await standing();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return last === JSON.stringify(before);
    }, WAIT);
    const receipts = [];
    for (let turn = 0; turn < 3; turn += 1) {
      receipts.push(await network.stampAndWait(await network.requested()));
      await new Promise((resolve) => setTimeout(resolve, 1_200));
    }
    expect(receipts.every(({ isProven }) => isProven)).toBe(true);
    expect(await standing()).toEqual(before);
  });
});
