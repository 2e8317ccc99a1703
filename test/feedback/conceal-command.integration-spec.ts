import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { freePort } from '#local';
import { keyFileName } from '#platform';
import { parseStatement, type StatementPayload } from '#signing';
import { CONSUMER } from '../audit/audit-network.js';
import { runKerege } from '../../apps/cli/src/kerege.command.js';
import { FeedbackNetwork } from './feedback-network.js';

jest.setTimeout(120_000);

const OPERATOR = 'TEST/GOV/1009/operator';
const directory = mkdtempSync(join(tmpdir(), 'kerege-conceal-'));
const until = new Date(Date.now() + 86_400_000).toISOString();
let network: FeedbackNetwork;
let url = '';

beforeAll(async () => {
  network = await FeedbackNetwork.create();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await network.start({ port, publicUrl: url, concealmentAuthorities: [CONSUMER] });
  for (const subsystem of [CONSUMER, OPERATOR]) {
    const file = join(directory, keyFileName(subsystem));
    writeFileSync(file, JSON.stringify({ keys: [network.audit.world.keysOf(subsystem).sign] }));
    chmodSync(file, 0o600);
  }
  writeFileSync(join(directory, 'act'), 'the act');
  writeFileSync(join(directory, 'another'), 'another act');
});
afterAll(() => network.close());

/** As from a shell; what it says and how it ends. */
async function kerege(subsystem: string, act: string, ...more: string[]) {
  let [out, told] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += text),
    tell: (text: string) => void (told += `${text}\n`),
    paint: (_colour: string, text: string) => text,
  };
  const args = ['--as', subsystem, '--order', join(directory, act), '--keys', directory, '--feedback', url];
  const code = await runKerege(['conceal', ...args, ...more], terminal);
  return { code, out, told };
}

it('an authority orders, the operator countersigns the very act, and what calls name is told', async () => {
  const ordered = await kerege(CONSUMER, 'act', '--until', until, '--operator', OPERATOR);
  expect(ordered).toMatchObject({ code: 0 });
  const [, id = '', salt = ''] = /^order (\S+)\nsalt (\S+)\n$/.exec(ordered.out) ?? [];
  const countersign = (act: string, given = salt) => kerege(OPERATOR, act, '--countersign', id, '--salt', given);
  expect((await countersign('another')).told).toContain('conceal-other-act');
  expect((await countersign('act', 'A'.repeat(43))).told).toContain('conceal-other-act');
  expect(await countersign('act', 'short')).toMatchObject({ code: 1 });
  const signed = await countersign('act');
  expect(signed).toMatchObject({ code: 0 });
  const leaves = (await network.audit.leaves()).flatMap(({ body }) => {
    const parsed = parseStatement(Buffer.from(body).toString());
    return parsed.ok && parsed.value.payload.t === 'access.concealment' ? [parsed.value] : [];
  });
  const [order, second, ...others] = leaves;
  expect(others).toEqual([]);
  expect(order?.payload).toMatchObject({ id, from: CONSUMER, to: OPERATOR, until: Date.parse(until) });
  expect((second?.payload as StatementPayload).prev).toBe(order?.leafHash.toString('base64url'));
  expect(signed.out.trim()).toBe(second?.leafHash.toString('base64url'));
});

it('says what an order lacks, and what feedback refuses', async () => {
  expect((await kerege(CONSUMER, 'act', '--until', until)).told).toContain('conceal-incomplete');
  expect((await kerege(CONSUMER, 'act', '--until', 'soon', '--operator', OPERATOR)).told).toContain(
    'conceal-incomplete',
  );
  const foreign = await kerege(OPERATOR, 'act', '--until', until, '--operator', OPERATOR);
  expect(foreign).toMatchObject({ code: 1 });
  expect(foreign.told).toContain('order-unentitled');
});
