#!/usr/bin/env node
// Starts the `kerege` command from whatever Node ≥ 20 is at hand: under the Node of this repository, from the built
// files, and builds them first when they are missing or older than their sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const UNAVAILABLE = 3;
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const node = join(root, 'node_modules', '.bin', 'node');
const main = join(root, 'dist', 'bin', 'kerege.js');

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('spec.ts'))
      latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  return latest;
}

function isStale() {
  if (!existsSync(main)) return true;
  const builtAt = statSync(main).mtimeMs;
  if (statSync(join(root, 'apps/bundle.mjs')).mtimeMs > builtAt) return true;
  return ['apps/cli/src', 'libs'].some((folder) => newest(join(root, folder)) > builtAt);
}

function run(command, args, options) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error !== undefined) return UNAVAILABLE;
  return status ?? 128 + (constants.signals[signal] ?? 0);
}

function start() {
  if (!existsSync(node)) {
    process.stderr.write(`kerege: dependencies are not installed. Next: run "npm ci" in ${root}\n`);
    return UNAVAILABLE;
  }
  if (isStale()) {
    process.stderr.write('kerege: building, because the built files are missing or older than their sources …\n');
    if (run('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] }) !== 0) {
      process.stderr.write(
        `kerege: the build failed. Next: see its output above; "npm run build" in ${root} repeats it\n`,
      );
      return UNAVAILABLE;
    }
  }
  // Opening what was sealed takes a part of WebCrypto that Node calls experimental at every start.
  return run(
    node,
    ['--enable-source-maps', '--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)],
    {},
  );
}

// Ctrl-C reaches the child by itself; this process has to outlive it to pass on its exit code.
process.on('SIGINT', () => undefined);
process.exitCode = start();
