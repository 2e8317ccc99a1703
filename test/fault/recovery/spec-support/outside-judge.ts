import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '#local';
import type { Statement } from '#signing';
import { eventually } from '#testing';
import type { Receipt } from '../../../audit/audit-answers.js';
import { PATIENCE } from './audit-process.js';

const run = promisify(execFile);
const SCRIPT = join(repositoryRoot(), 'test/conformance/verify-receipts.py');

/** Whether there is a judge at all: python3 and openssl. Without them the drills show as skipped. */
export const hasJudge = ['python3', 'openssl'].every(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0,
);

export interface OutsideVerdict {
  readonly verified: boolean;
  /** First thing that is wrong. */
  readonly problem?: string;
  readonly size?: number;
  /** Receipts that were judged. */
  readonly receipts?: number;
  /** Different statements that have exactly one leaf each. */
  readonly stamped?: number;
  /** Leaves that no stamper made, by type. */
  readonly others?: Readonly<Record<string, number>>;
}

export interface Released {
  /** Address of the log, or the folder of an exported one. */
  readonly log: string;
  /** Size of the newest receipt: what is shown has to have come so far. */
  readonly size: number;
  readonly trustDir: string;
  readonly receipts: readonly Receipt[];
  readonly stamped: readonly Statement[];
  /** Absent: each of them has to be in the log. */
  readonly isPart?: boolean;
}

/** Hands everything that was ever released to a verifier in another language, which shares no code with us. */
export async function judgeReleased(released: Released): Promise<OutsideVerdict> {
  const { log, size, trustDir, receipts, stamped, isPart = false } = released;
  await eventually(async () => (await shownSize(log)) >= size, PATIENCE);
  const bodies = new Map(stamped.map(({ leafHash, jws }) => [leafHash.toString('hex'), base64(Buffer.from(jws))]));
  const lines = [
    ...receipts.flatMap(({ leaf, note, size: noted }) => {
      const body = bodies.get(Buffer.from(leaf.leafHash).toString('hex'));
      if (body === undefined) return [];
      const path = leaf.path.map(base64);
      return [{ leaf: body, index: Number(leaf.index), size: noted, path, note: note.toString() }];
    }),
    ...(isPart ? [] : [...bodies.values()].map((body) => ({ stamped: body }))),
  ];
  const work = await mkdtemp(join(tmpdir(), 'kerege-judge-'));
  try {
    const file = join(work, 'released.jsonl');
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    return await verdictOf([log, join(trustDir, 'trust.json'), file]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Of the newest checkpoint that is shown there. */
export async function shownSize(log: string): Promise<number> {
  const note = log.startsWith('http')
    ? await (await fetch(`${log}/checkpoint`)).text()
    : await readFile(join(log, 'checkpoint'), 'utf8');
  return Number(note.split('\n')[1]);
}

async function verdictOf(args: readonly string[]): Promise<OutsideVerdict> {
  try {
    const { stdout } = await run('python3', [SCRIPT, ...args], { timeout: PATIENCE.timeoutMs });
    return JSON.parse(stdout) as OutsideVerdict;
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string };
    return { verified: false, problem: (stdout || stderr).trim() };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
