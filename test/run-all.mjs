/**
 * `npm test`: every check of the project, in two lanes. The suites that need services or a whole bus run one after the
 * other, and wait for half of their time; static checks and unit specs take what processor time they leave. Each step
 * says how long it took; all steps run even when one fails, so that one run tells everything. The last line is the plain
 * count that CI reads.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, constants, setPriority, tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'kerege-test-'));
/** The built tree is what `generated documents` looks at. */
const build = ['build', 'npm', ['run', '--silent', 'build']];
const checks = [
  ['lint', 'npm', ['run', '--silent', 'lint']],
  ['types', 'npm', ['run', '--silent', 'typecheck']],
  ['format', 'npm', ['run', '--silent', 'format:check']],
  ['wire contracts', 'npm', ['run', '--silent', 'proto:check']],
  ['dependency rules', 'npm', ['run', '--silent', 'deps']],
  ['unused code', 'npm', ['run', '--silent', 'knip']],
  ['generated documents', 'npm', ['run', '--silent', 'docs:check']],
  ['dependency audit', 'npm', ['run', '--silent', 'audit:dependencies']],
];
/**
 * Integration specs keep a processor busy for less than half of their time, so that three share two; more would crowd it,
 * and what waits for an answer in time would wait in vain. Those that start whole buses, and kill them, run alone beside what takes the rest. Of the faults the
 * crashes and the chaos; `npm run test:fault` runs them all.
 */
const integrationWorkers = Math.min(Math.ceil(1.5 * availableParallelism()), 8);
const integration = ['integration', `--maxWorkers=${integrationWorkers}`];
const wholeBuses = [
  ['system', '--runInBand'],
  ['fault', '--runInBand', '--testPathPatterns=test/fault/(crash|chaos)/'],
];
/** Beside whole buses, which leave more than integration specs do: a unit spec has a minute as well. */
const unit = ['unit', `--maxWorkers=${availableParallelism()}`];

/**
 * A spec on a real broker may fail because the machine was busy with another one. What failed is run once more, alone;
 * what passes then counts, and is named at the end. When more files than these fail, it is not the machine.
 */
const MOST_AGAIN = 8;
const unsteady = [];

let passed = 0;
let failed = 0;
const started = Date.now();

/** No step may hang: what takes longer than this has failed. */
const STEP_LIMIT_MS = 40 * 60_000;

/**
 * Resolves with whether it ended well. What runs beside the suites gets the processor when they do not want it, and
 * shows what it has written only when it has ended.
 */
function run(name, command, args, isBeside) {
  const from = Date.now();
  if (!isBeside) console.log(`\n── ${name}`);
  const stdio = isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(command, args, { stdio, timeout: STEP_LIMIT_MS });
  if (isBeside && child.pid !== undefined) giveWay(child.pid);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    const end = (isGood) => {
      process.stdout.write(Buffer.concat(output));
      console.log(`── ${name}: ${isGood ? 'ok' : 'FAILED'} in ${((Date.now() - from) / 1000).toFixed(1)} s`);
      resolve(isGood);
    };
    child.on('error', () => end(false)).on('close', (status) => end(status === 0));
  });
}

/** Also those that it starts; a machine on which that cannot be done is only slower. */
function giveWay(pid) {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (cause) {
    console.error(`runs at full priority: ${cause.message}`);
  }
}

function count(isGood) {
  if (isGood) passed += 1;
  else failed += 1;
}

/** Runs specs of one suite; undefined: there is no report of them. */
async function runSpecs(title, suite, how, isBeside) {
  const report = join(scratch, `${title.replaceAll(' ', '-')}.json`);
  const flags = [...how, '--no-watchman', '--silent', '--testTimeout=60000', '--json', `--outputFile=${report}`];
  const args = ['run', '--silent', 'jest', '--', `--selectProjects=${suite}`, ...flags];
  const good = await run(title, 'npm', args, isBeside);
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const counted = numFailedTests + numRuntimeErrorTestSuites;
    const failedFiles = testResults.filter(({ status }) => status === 'failed');
    return {
      passed: numPassedTests,
      failed: good || counted > 0 ? counted : 1,
      failedFiles: failedFiles.map(({ name }) => name),
      passedInFailedFiles: failedFiles.flatMap((file) => file.assertionResults.filter(isPassed)).length,
    };
  } catch (cause) {
    console.error(`no report of the ${title}:`, cause.message);
    return undefined;
  }
}

function isPassed({ status }) {
  return status === 'passed';
}

async function runSuite([suite, ...how], isBeside) {
  const first = await runSpecs(`${suite} tests`, suite, how, isBeside);
  const again = first?.failedFiles ?? [];
  const alone = ['--runInBand', '--runTestsByPath', ...again];
  const second =
    again.length === 0 || again.length > MOST_AGAIN
      ? undefined
      : await runSpecs(`${suite} tests that failed, again and alone`, suite, alone, isBeside);
  passed += first?.passed ?? 0;
  failed += first?.failed ?? 1;
  if (second === undefined) return;
  passed += second.passed - first.passedInFailedFiles;
  failed += second.failed - first.failed;
  if (second.failed === 0) unsteady.push(...again.map((file) => relative(process.cwd(), file)));
}

async function runBeside(integrationHasEnded) {
  for (const check of checks) count(await run(...check, true));
  await integrationHasEnded;
  await runSuite(unit, true);
}

async function runWholeBuses(integrationHasEnded) {
  await integrationHasEnded;
  for (const suite of wholeBuses) await runSuite(suite, false);
}

count(await run(...build, false));
const integrationHasEnded = runSuite(integration, false);
await Promise.all([runBeside(integrationHasEnded), runWholeBuses(integrationHasEnded)]);

rmSync(scratch, { recursive: true, force: true });
if (unsteady.length > 0) console.log(`\nUNSTEADY, failed once and passed when run again alone: ${unsteady.join(', ')}`);
console.log(`\nin ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
