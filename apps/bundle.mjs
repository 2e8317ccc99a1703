import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

// One file for each program, from what swc has built (ADR 0023). All lie in one folder, so that the file of a thread is
// beside the program that starts it.
const root = join(import.meta.dirname, '..');
const libraries = join(root, 'node_modules');
const out = join(root, 'dist/bin');
/** Made and checked here, then put in the place of what processes may be running from. */
const made = join(root, 'dist/bin.new');
const former = join(root, 'dist/bin.old');
const load = createRequire(import.meta.url);

/** Nearly all of their libraries are the same: these share pieces. */
const APPS = {
  gateway: 'gateway/src/main.js',
  connector: 'connector/src/main.js',
  audit: 'audit/src/main.js',
  registry: 'registry/src/main.js',
  feedback: 'feedback/src/main.js',
  'one-process': 'sandbox/src/fallback/main.js',
};
/** Each of these needs little; pieces shared with the apps would bring in what only apps need. */
const PROGRAMS = {
  'audit-operator': 'audit/src/operator/main.js',
  kerege: 'cli/src/main.js',
  sandbox: 'sandbox/src/main.js',
  agencies: 'sandbox/src/agencies/main.js',
  'identity-provider': 'sandbox/src/identity-provider/main.js',
  portal: 'sandbox/src/portal/main.js',
  'time-authority': 'sandbox/src/time-authority/main.js',
  witness: 'sandbox/src/witness/main.js',
  'reader-keys.worker': 'audit/src/reader-auth/reader-keys.worker.js',
  'signature.worker': 'audit/src/intake/signature.worker.js',
  'snapshot.worker': 'audit/src/snapshots/snapshot.worker.js',
  'tile.worker': 'cli/src/verify-log/tile.worker.js',
  'token.worker': '../libs/pkcs11/src/token.worker.js',
};

/** Loaded from `node_modules` as before: native code, and what starts threads from files of its own. */
const FROM_NODE_MODULES = ['sodium-native', 'piscina', 'pkcs11js'];

/** Optional parts of libraries that are not installed: whoever asks for one is told so, as without a bundle. */
const NOT_INSTALLED = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nats-io/transport-node',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'amqp-connection-manager',
  'ioredis',
  'mqtt',
];

/** Parts of libraries that none of our programs reaches. One that is reached after all says so by its name. */
const LEFT_OUT = [
  /\/typeorm\/driver\/(?!postgres\/|types\/)[^/]+\//,
  /\/typeorm\/entity-manager\/MongoEntityManager\.js$/,
  /\/libphonenumber-js\//,
];

const leftOut = (path) => `module.exports = new Proxy({}, { get(_, name) {
  if (typeof name === 'string' && !['__esModule', 'default', 'then'].includes(name))
    throw new Error(name + ' of ${path} is left out of the bundle, see apps/bundle.mjs');
} });`;

/** Of a library's file only the name is kept in the map: all its lines would be 20 MB in each process. */
const oneLine = Buffer.from(JSON.stringify({ version: 3, sources: [''], mappings: 'AAAA' })).toString('base64');
const withoutLines = (code) =>
  `${code.replace(/^\/\/# sourceMappingURL=.*$/m, '')}\n//# sourceMappingURL=data:application/json;base64,${oneLine}`;

/**
 * One character beyond ASCII, and V8 keeps the text of the whole file in two bytes for each character, for as long as the
 * process lives. esbuild writes strings without such characters, but not regular expressions, which mean the same so.
 */
const inAscii = (code) =>
  code
    .replace(/^\ufeff/, '')
    .replace(/\\[^]|\P{ASCII}/gu, (found) => (/\P{ASCII}/u.test(found) ? units(found.replace(/^\\/, '')) : found));
const units = (text) => text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const smaller = {
  name: 'smaller',
  setup({ onResolve, onLoad }) {
    // Its index holds every decorator; our code uses connections.
    onResolve({ filter: /^typeorm$/ }, () => ({ path: join(libraries, 'typeorm/data-source/DataSource.js') }));
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
      resolveDir: join(libraries, 'zod/v4/locales'),
    }));
    // Evaluated where it is imported first, before every decorator: a CommonJS file would be evaluated too late.
    onResolve({ filter: /^reflect-metadata$/ }, ({ kind }) =>
      kind === 'require-call' ? { path: 'reflect-metadata', namespace: 'imported-before' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'imported-before' }, () => ({ contents: '' }));
    // Of a CommonJS file that is imported later, a shared piece exports `default` alone; NestJS asks for names.
    onResolve({ filter: /^(class-transformer|class-validator|kafkajs)$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'by-name' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'by-name' }, ({ path }) => ({
      contents: `export { ${Object.keys(load(path)).join(', ')} } from '${path}';`,
      resolveDir: libraries,
    }));
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, ({ path }) => {
      if (LEFT_OUT.some((part) => part.test(path))) return { contents: leftOut(path.slice(libraries.length + 1)) };
      const code = inAscii(withoutLines(readFileSync(path, 'utf8')));
      return { contents: path.endsWith('/reflect-metadata/Reflect.js') ? `export {};${code}` : code };
    });
  },
};

const bundle = (programs, splitting) =>
  build({
    entryPoints: Object.fromEntries(
      Object.entries(programs).map(([name, main]) => [name, join(root, 'dist/apps', main)]),
    ),
    outdir: made,
    bundle: true,
    splitting,
    chunkNames: 'shared-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // The one of two forms that both `import` and `require` find: no library is there twice.
    conditions: ['node'],
    mainFields: ['main'],
    external: [...FROM_NODE_MODULES, ...NOT_INSTALLED],
    plugins: [smaller],
    banner: {
      js: [
        `import { createRequire as __createRequire } from 'node:module';`,
        'const require = __createRequire(import.meta.url);',
        'const { filename: __filename, dirname: __dirname } = import.meta;',
      ].join(' '),
    },
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    // Node prints the line in which nobody caught an error.
    lineLimit: 200,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    metafile: true,
  });

for (const folder of [made, former]) rmSync(folder, { recursive: true, force: true });
const [{ metafile }] = await Promise.all([bundle(APPS, true), bundle(PROGRAMS, false)]);

// Whoever takes the default is content; anybody else would miss the names only when asked.
const TAKES_DEFAULT = ['node_modules/@fastify/cors/index.js', 'node_modules/date-holidays/src/index.js'];
for (const { imports } of Object.values(metafile.outputs))
  for (const { path, kind } of imports) {
    const { entryPoint, exports } = (kind === 'dynamic-import' && metafile.outputs[path]) || { exports: [] };
    if (exports.join() === 'default' && !TAKES_DEFAULT.includes(entryPoint))
      throw new Error(`${entryPoint} is imported later, by names that its piece does not export: see "by-name"`);
  }

for (const name of readdirSync(made).filter((file) => file.endsWith('.js')))
  if (/\P{ASCII}/u.test(readFileSync(join(made, name), 'latin1')))
    throw new Error(`${name} is not ASCII, which doubles its text in memory: see inAscii`);

if (existsSync(out)) renameSync(out, former);
renameSync(made, out);
rmSync(former, { recursive: true, force: true });
