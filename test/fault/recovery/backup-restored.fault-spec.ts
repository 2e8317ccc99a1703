import { execFile } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { eventually } from '#testing';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { DrillWitness } from './spec-support/drill-witness.js';
import { hasJudge } from './spec-support/outside-judge.js';
import { TopicTools } from './spec-support/topic-tools.js';

jest.setTimeout(120_000);

const run = promisify(execFile);

let ground: DrillGround;
let audit: AuditProcess;
let witness: DrillWitness;
let exported: Record<string, string>;
/** Of the copy. */
let oldSize: number;
const data = (name: string) => join(ground.directory, name);

beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  witness = await DrillWitness.start(ground);
  exported = { KEREGE_AUDIT_EXPORT_DIR: join(ground.directory, 'export') };
  audit = await ground.audit();
  await audit.start({ ...exported, ...witness.env });
  await ground.network.enact(ground.network.world);
  await stampSome();
  await audit.stop();
  oldSize = (await ground.network.head()).size;
  await ground.database.stop();
  // A base backup: the files of a cluster that was stopped cleanly.
  await run('cp', ['-a', data('postgres'), data('old')]);
  await ground.database.startAgain();
  await audit.start({ ...exported, ...witness.env });
  await stampSome();
  await isRemembered();
  await audit.stop();
  await ground.database.stop();
  await rename(data('postgres'), data('newest'));
  await rename(data('old'), data('postgres'));
  await ground.database.startAgain();
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

async function stampSome(): Promise<void> {
  await ground.stampers.send(300);
  await ground.stampers.settle();
}

/** By the topic, the export and the witness. */
async function isRemembered(): Promise<void> {
  await eventually(async () => {
    const { size } = await ground.network.head();
    const [shown, seen] = [await audit.part('export'), await audit.part('witnesses')];
    return shown.details?.['size'] === size && seen.details?.[witness.name] === size;
  }, PATIENCE);
}

/** Audit with these memories alone does not take the old copy over, and says whose word it is. */
async function isRefusedBy(source: string, settings: Record<string, string>): Promise<void> {
  await audit.start(settings);
  await audit.says('the log is not taken over: log-behind');
  expect(await audit.log()).toContain(`"source":"${source}"`);
  await audit.stop();
  expect((await ground.network.head()).size).toBe(oldSize);
}

(hasJudge ? describe : describe.skip)('an old base backup is restored', () => {
  it('is refused by the checkpoint topic alone', async () => {
    ground.network.trustWitnesses(null);
    await isRefusedBy('checkpoint-topic', {});
  });

  it('is refused while the topic is empty: nobody knows then what it held', async () => {
    const topics = new TopicTools(ground.brokers, ground.network.bus);
    const { name } = fixedTopics.checkpoints;
    await topics.truncate(name, await ground.network.bus.endOffset(name, 0));
    await audit.start();
    await audit.says('the log is not taken over: checkpoints-unread');
    await audit.stop();
    // What the operator must not do (docs/operations/head-behind.md): from here on the topic remembers nothing.
    await topics.makeAnew(fixedTopics.checkpoints);
  });

  it('is refused by the export alone', () => isRefusedBy('export', exported));

  it('is refused by a witness alone', async () => {
    ground.network.trustWitnesses(witness.policy);
    await isRefusedBy(witness.name, witness.env);
  });

  it('gives way to the newest copy, and every receipt ever released verifies', async () => {
    await ground.database.stop();
    await rename(data('postgres'), data('old'));
    await rename(data('newest'), data('postgres'));
    await ground.database.startAgain();
    await audit.start({ ...exported, ...witness.env });
    await audit.ready();
    await stampSome();
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
