import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

// One script that a portal embeds: the same verifier as everywhere, with the browser's own Ed25519 and random numbers.
const here = import.meta.dirname;
const out = join(here, '../../../dist/apps/feedback/web');
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, 'accesses.ts')],
  outdir: out,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  sourcemap: true,
  conditions: ['source'],
  external: ['sodium-native', 'hpke'],
  alias: { 'node:crypto': join(here, 'browser-crypto.ts'), 'node:buffer': join(here, 'browser-buffer.ts') },
  inject: [join(here, 'browser-buffer.ts')],
  loader: { '.css': 'text' },
  logLevel: 'warning',
});
cpSync(join(here, 'accesses.html'), join(out, 'accesses.html'));
