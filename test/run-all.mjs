/**
 * `npm test`: every check of the project in CI order, cheap ones first. Each step says how long it took; all steps run
 * even when one fails, so that one run tells everything. The last line is the plain count that CI reads.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'kerege-test-'));
const checks = [
  ['format', 'npm', ['run', '--silent', 'format:check']],
  ['wire contracts', 'npm', ['run', '--silent', 'proto:check']],
  ['dependency rules', 'npm', ['run', '--silent', 'deps']],
  ['types', 'npm', ['run', '--silent', 'typecheck']],
  ['lint', 'npm', ['run', '--silent', 'lint']],
  ['unused code', 'npm', ['run', '--silent', 'knip']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['generated documents', 'npm', ['run', '--silent', 'docs:check']],
];
const suites = ['unit', 'integration', 'system', 'fault'];

let passed = 0;
let failed = 0;
const started = Date.now();

/** No step may hang: what takes longer than this has failed. */
const STEP_LIMIT_MS = 20 * 60_000;

function run(name, command, args) {
  const from = Date.now();
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit', timeout: STEP_LIMIT_MS });
  console.log(`── ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - from) / 1000).toFixed(1)} s`);
  return status === 0;
}

for (const [name, command, args] of checks) {
  if (run(name, command, args)) passed += 1;
  else failed += 1;
}

for (const suite of suites) {
  const report = join(scratch, `${suite}.json`);
  // In one process: the suites share two cores with the broker, the database and the processes that they start.
  const flags = ['--runInBand', '--no-watchman', '--silent', '--testTimeout=60000', '--json', `--outputFile=${report}`];
  const args = ['run', '--silent', 'jest', '--', `--selectProjects=${suite}`, ...flags];
  const good = run(`${suite} tests`, 'npm', args);
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    passed += numPassedTests;
    failed += numFailedTests + numRuntimeErrorTestSuites;
    if (!good && numFailedTests + numRuntimeErrorTestSuites === 0) failed += 1;
  } catch (cause) {
    console.error(`no report of the ${suite} tests:`, cause.message);
    failed += 1;
  }
}

rmSync(scratch, { recursive: true, force: true });
console.log(`\nin ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
