import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { runKerege } from './kerege.command.js';

process.exitCode = await runKerege(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  tell: (line) => void process.stderr.write(`${line}\n`),
  redraw: process.stderr.isTTY ? (line) => void process.stderr.write(`\r\u001b[2K${line}`) : undefined,
  confirm: process.stdin.isTTY ? confirm : undefined,
  paint: (colour, text) => styleText(colour, text),
});

async function confirm(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/iu.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
