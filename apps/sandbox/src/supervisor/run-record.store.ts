import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sandboxErrors } from '../sandbox.errors.js';

const processEntry = z.object({ name: z.string(), pid: z.number().int().positive(), identity: z.string() });
const runRecord = z.object({ supervisor: processEntry, processes: z.array(processEntry) });
type ProcessEntry = z.infer<typeof processEntry>;

const END_TIMEOUT_MS = 8_000;

/**
 * `run.json`: which processes this data directory has now. It tells a second start that one runs, and a start after a
 * crash what was left behind. A process is recognised by start time and command line, not by its number alone, which
 * the system may have given to somebody else.
 */
export class RunRecord {
  /** What the file holds; written by `add` and `remove`. */
  private processes: ProcessEntry[] = [];
  /** Writes are in a row, so that the file never goes back. */
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    private readonly supervisor: ProcessEntry,
  ) {}

  /** Takes the data directory for this process. Ends what a killed supervisor left; refuses if one is alive. */
  static async take(dataDir: string): Promise<RunRecord> {
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    const file = join(dataDir, 'run.json');
    const standing = await readRecord(file);
    if (standing !== undefined) await endLeftOvers(standing);
    const record = new RunRecord(file, {
      name: 'supervisor',
      pid: process.pid,
      identity: (await identityOf(process.pid)) ?? '',
    });
    await rm(file, { force: true });
    try {
      await writeFile(file, record.text(), { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      // Another start was quicker by a hair.
      throw sandboxErrors.error('sandbox-running', { cause });
    }
    return record;
  }

  async add(name: string, pid: number): Promise<void> {
    const identity = await identityOf(pid);
    if (identity === undefined) return;
    this.processes = [...this.processes.filter((entry) => entry.name !== name), { name, pid, identity }];
    await this.write();
  }

  async remove(name: string): Promise<void> {
    this.processes = this.processes.filter((entry) => entry.name !== name);
    await this.write();
  }

  /** Gives the data directory back; last act of a supervisor. */
  async release(): Promise<void> {
    await this.writing;
    await rm(this.file, { force: true });
  }

  private text(): string {
    return JSON.stringify({ supervisor: this.supervisor, processes: this.processes }, null, 2);
  }

  private write(): Promise<void> {
    const text = this.text();
    this.writing = this.writing.then(async () => {
      await writeFile(`${this.file}.new`, text, { mode: 0o600 });
      await rename(`${this.file}.new`, this.file);
    });
    return this.writing;
  }
}

async function readRecord(file: string): Promise<z.infer<typeof runRecord> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return runRecord.parse(JSON.parse(text));
  } catch {
    // Cut off while it was written: then nothing is known, and taken ports will tell.
    return undefined;
  }
}

async function endLeftOvers({ supervisor, processes }: z.infer<typeof runRecord>): Promise<void> {
  if (await isSame(supervisor))
    throw sandboxErrors.error('sandbox-running', { extensions: { problems: [`process ${supervisor.pid}`] } });
  await Promise.all(processes.map((entry) => endLeftOver(entry)));
}

/** Each was the leader of a group of its own: the whole group goes, politely first. */
async function endLeftOver(entry: ProcessEntry): Promise<void> {
  const deadline = Date.now() + END_TIMEOUT_MS;
  let signal: NodeJS.Signals = entry.name === 'postgres' ? 'SIGINT' : 'SIGTERM';
  let next = Date.now();
  while (await isSame(entry)) {
    if (Date.now() > deadline + 2_000)
      throw sandboxErrors.error('sandbox-left-over', { extensions: { problems: [`${entry.name}: ${entry.pid}`] } });
    if (Date.now() >= next) {
      send(entry.pid, signal);
      next = deadline;
      signal = 'SIGKILL';
    }
    await delay(50);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
  } catch {
    // ESRCH: it ended by itself meanwhile, as was wanted.
  }
}

async function isSame(entry: ProcessEntry): Promise<boolean> {
  return entry.identity !== '' && (await identityOf(entry.pid)) === entry.identity;
}

/**
 * Start time and command line of a live process; undefined for none and for a zombie. Linux tells the start in ticks
 * since boot; the date that `ps` makes of it may differ by a second from one look to the next.
 */
async function identityOf(pid: number): Promise<string | undefined> {
  const [line, ticks] = await Promise.all([psLine(pid), startTicks(pid)]);
  if (line === undefined || line.startsWith('Z')) return undefined;
  // State, five words of date, command line.
  const words = line.split(/\s+/);
  return ticks === undefined ? words.slice(1).join(' ') : [ticks, ...words.slice(6)].join(' ');
}

function psLine(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'ps',
      ['-p', String(pid), '-o', 'state=,lstart=,args='],
      { maxBuffer: 4 * 1024 * 1024 },
      (error, stdout) => {
        const line = stdout.trim();
        resolve(error !== null || line === '' ? undefined : line);
      },
    );
  });
}

/** Field 22 of `/proc/<pid>/stat`; the command in field 2 may hold blanks and brackets. */
async function startTicks(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}
