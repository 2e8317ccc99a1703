/**
 * Whether a package that is delivered has a grave advisory: `npm audit --omit=dev --audit-level=high`. What is put up with
 * stands in audit-exceptions.json: advisory, package, reason, and the last day. Protects against known holes that nobody
 * has looked at; against unknown ones nothing does.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { judgeAudit } from './dependency-audit.ts';

const TIMEOUT_MS = 60_000;
const exceptions = JSON.parse(readFileSync(new URL('audit-exceptions.json', import.meta.url), 'utf8'));
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  encoding: 'utf8',
  timeout: TIMEOUT_MS,
  maxBuffer: 64 * 1024 * 1024,
});
const { problems, notes } = judgeAudit(read(stdout), exceptions, new Date().toISOString().slice(0, 10));
for (const note of notes) console.log(note);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    // The registry, or npm itself, has said something else: nothing was audited.
    return undefined;
  }
}
