/**
 * `npm run fuzz -- --minutes N --seed S [--path P] [--only NAME]`: the fuzz specs for longer than CI has time for, one
 * after the other, N minutes for each property. A failure prints seed and path; with both it is found again at once.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    path: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error('--minutes takes a number above 0');
  process.exit(2);
}
const env = {
  ...process.env,
  KEREGE_FUZZ_MINUTES: String(minutes),
  ...(values.seed === undefined ? {} : { KEREGE_FUZZ_SEED: values.seed }),
  ...(values.path === undefined ? {} : { KEREGE_FUZZ_PATH: values.path }),
};
const timeout = Math.ceil(minutes * 60_000 + 120_000);
const jest = ['run', '--silent', 'jest', '--', `test/fuzz/${values.only}`, '--runInBand', `--testTimeout=${timeout}`];
const child = spawn('npm', [...jest, '--selectProjects', 'unit', 'integration'], { stdio: 'inherit', env });
child.on('close', (status) => (process.exitCode = status ?? 1));
