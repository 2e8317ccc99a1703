import { styleText } from 'node:util';
import { runKerege } from './kerege.command.js';

process.exitCode = await runKerege(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  tell: (line) => void process.stderr.write(`${line}\n`),
  redraw: process.stderr.isTTY ? (line) => void process.stderr.write(`\r\u001b[2K${line}`) : undefined,
  paint: (colour, text) => styleText(colour, text),
});
