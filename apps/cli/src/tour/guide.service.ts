import { setTimeout as pause } from 'node:timers/promises';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, type HttpAnswer } from '../terminal/json-client.service.js';
import { harmless } from '../terminal/harmless.js';
import type { Terminal } from '../terminal/terminal.js';
import { curlOf, keregeOf, type Shown } from './commands.js';

/** One command line of kerege, in this process; the exit code. */
export type RunKerege = (args: readonly string[], terminal: Terminal) => Promise<number>;

export interface Said {
  readonly status: number;
  /** Of a problem document; empty where the provider has answered. */
  readonly code: string;
  readonly answer: HttpAnswer;
}

const MOST_LINES = 12;
const ATTEMPTS = 5;
const PAUSE_MS = 1_000;

/** Carries out what a visitor could type, and shows each step as it is done: the command, the answer, what it means. */
export class Guide {
  constructor(
    private readonly terminal: Terminal,
    private readonly run: RunKerege,
    /** Secrets, and the command that gives one, so that what is shown can be copied. */
    private readonly shown: Shown,
    /** Once it is aborted no further step is begun. */
    private readonly signal?: AbortSignal,
  ) {}

  /** For what has to be done although somebody has interrupted. */
  uninterrupted(): Guide {
    return new Guide(this.terminal, this.run, this.shown);
  }

  heading(text: string): void {
    this.terminal.out(`\n${this.terminal.paint('bold', text)}\n`);
  }

  means(text: string): void {
    this.terminal.out(`  ${this.terminal.paint('green', '→')} ${text}\n`);
  }

  /** A call, and its answer; `isShown`: false for the middle of many. */
  async call(url: string, headers: Readonly<Record<string, string>>, isShown = true, body?: string): Promise<Said> {
    this.signal?.throwIfAborted();
    if (isShown) this.command(curlOf(url, headers, body, this.shown));
    const init = body === undefined ? { headers } : { method: 'POST', headers, body };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(url, init);
      const said = { status: answer.status, code: codeOf(answer), answer };
      if (isShown) this.tell(said);
      if (said.status < 503 || attempt === ATTEMPTS) return said;
      // A machine that is slow or has just started: as any client would.
      this.line('once more');
      await pause(PAUSE_MS);
    }
  }

  tell({ status, code, answer }: Said): void {
    const retry = answer.headers.get('retry-after');
    const text = answer.body.toString('utf8').split('\n')[0] ?? '';
    this.line(`HTTP ${status}${code === '' ? '' : ` ${code}`}${retry === null ? '' : ` · Retry-After: ${retry}`}`);
    if (code === '' && text !== '') this.line(text.length > 100 ? `${text.slice(0, 99)}…` : text);
  }

  /** A command of kerege, with what it says. */
  async kerege(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
    this.signal?.throwIfAborted();
    this.command(keregeOf(args, this.shown));
    let output = '';
    const code = await this.run(args, {
      out: (text) => void (output += text),
      tell: (line) => void (output += `${line}\n`),
      paint: (_colour, text) => text,
    });
    const lines = output.trimEnd().split('\n');
    for (const line of lines.slice(0, MOST_LINES)) this.line(line);
    if (lines.length > MOST_LINES) this.line(`… ${lines.length - MOST_LINES} more lines`);
    return { code, output };
  }

  /** As `kerege`, where nothing but success leads on. */
  async done(...args: string[]): Promise<string> {
    const { code, output } = await this.kerege(...args);
    this.demand(code === 0, `exit code 0 of kerege ${args[0] ?? ''}`);
    return output;
  }

  demand(isSo: boolean, expected: string): void {
    if (!isSo) throw cliErrors.error('tour-astray', { extensions: { expected } });
  }

  private command(text: string): void {
    this.terminal.out(`  ${this.terminal.paint('dim', '$')} ${text}\n`);
  }

  private line(text: string): void {
    this.terminal.out(`    ${harmless(text)}\n`);
  }
}

function codeOf({ body }: HttpAnswer): string {
  const problem = parseJson(body);
  const code: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}
