/** Protects: `libs/contracts/src/generated` is what `buf generate` makes from `proto/`, so nobody edits it by hand. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const committed = 'libs/contracts/src/generated';
const fresh = mkdtempSync(join(tmpdir(), 'kerege-proto-'));
try {
  for (const file of ['proto', 'buf.yaml', 'buf.gen.yaml']) cpSync(file, join(fresh, file), { recursive: true });
  execFileSync('buf', ['generate'], { cwd: fresh, stdio: 'inherit' });
  const files = readdirSync(committed, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const stale = files.filter(
    (name) => readFileSync(join(committed, name), 'utf8') !== readFileSync(join(fresh, committed, name), 'utf8'),
  );
  if (stale.length > 0) {
    console.error(`stale: ${stale.join(', ')}; run "npm run proto" and commit the result`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
