import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const built = join(root, 'dist');
const entryPoints = {
  gateway: 'apps/gateway/src/main.js',
  connector: 'apps/connector/src/main.js',
  audit: 'apps/audit/src/main.js',
  'audit-operator': 'apps/audit/src/operator/main.js',
  registry: 'apps/registry/src/main.js',
  feedback: 'apps/feedback/src/main.js',
  kerege: 'apps/cli/src/main.js',
  sandbox: 'apps/sandbox/src/main.js',
  agencies: 'apps/sandbox/src/agencies/main.js',
  witness: 'apps/sandbox/src/witness/main.js',
  portal: 'apps/sandbox/src/portal/main.js',
  'identity-provider': 'apps/sandbox/src/identity-provider/main.js',
  'time-authority': 'apps/sandbox/src/time-authority/main.js',
  'one-process': 'apps/sandbox/src/fallback/main.js',
  'snapshot.worker': 'apps/audit/src/snapshots/snapshot.worker.js',
  'signature.worker': 'apps/audit/src/intake/signature.worker.js',
  'reader-keys.worker': 'apps/audit/src/reader-auth/reader-keys.worker.js',
  'tile.worker': 'apps/cli/src/verify-log/tile.worker.js',
};
const only = process.env.ONLY?.split(',');
const NO_MAP = '\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIiJdLCJtYXBwaW5ncyI6IkEifQ==';
const libraries = {
  name: 'libraries',
  setup(b) {
    b.onLoad({ filter: /\/node_modules\/.*\.(js|cjs|mjs)$/ }, ({ path }) => ({ contents: readFileSync(path, 'utf8').replace(/\/\/# sourceMappingURL=.*/,'') + NO_MAP, loader: 'js' }));
  },
};
const t = Date.now();
const r = await build({
  entryPoints: Object.fromEntries(Object.entries(entryPoints).filter(([k])=>!only||only.includes(k)).map(([k, v]) => [k, join(built, v)])),
  outdir: join(built, 'bin'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifyWhitespace: true,
  minifySyntax: true,
  keepNames: true,
  sourcemap: process.env.NOMAP ? false : 'linked',
  sourcesContent: false,
  legalComments: 'none',
  splitting: !!process.env.SPLIT,
  conditions: ['node'],
  mainFields: ['main'],
  logLevel: 'warning',
  metafile: true,
  plugins: process.env.NOPLUG ? [] : [libraries],
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url); const __filename=import.meta.filename; const __dirname=import.meta.dirname;" },
  external: ['sodium-native','piscina','@nestjs/websockets*','@nestjs/microservices/microservices-module','@nestjs/platform-express','@fastify/static','@fastify/multipart','@fastify/view','pg-native','*.node',...['react-native-sqlite-storage','@google-cloud/spanner','@sap/hana-client*','mysql','mysql2','oracledb','better-sqlite3','sqlite3','sql.js','redis','ioredis','typeorm-aurora-data-api-driver','pg-query-stream','mongodb','mssql','hdb-pool','expo-sqlite','@nats-io/transport-node','amqplib','amqp-connection-manager','mqtt','@grpc/grpc-js','@grpc/proto-loader','nats','@mikro-orm/core','@nestjs/mongoose','mongoose','@nestjs/sequelize','sequelize','@nestjs/axios','@nestjs/typeorm/dist/common/typeorm.utils','@prisma/client']],
});
console.log(Date.now() - t, 'ms');
for (const [k, o] of Object.entries(r.metafile.outputs)) {
  if (k.endsWith('.map')) continue;
  const by = {};
  for (const [i, v] of Object.entries(o.inputs)) { const m = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(i); const n = m ? m[1] : 'own'; by[n] = (by[n] ?? 0) + v.bytesInOutput; }
  const bytes = readFileSync(join(root, k)); let na = 0; for (const x of bytes) if (x > 127) na++;
  console.log(k, o.bytes, 'non-ascii', na, r.metafile.outputs[k + '.map']?.bytes, Object.entries(by).sort((a, b) => b[1] - a[1]).slice(0, 14).map(([a,b])=>`${a} ${Math.round(b/1024)}`).join(', '));
}
import { readdirSync } from 'node:fs';
for (const d of readdirSync('/proc')) { try { const s = readFileSync(`/proc/${d}/stat`, 'utf8'); const f = s.slice(s.lastIndexOf(')') + 2).split(' '); if (+f[1] === process.pid) console.log('esbuild cpu', (+f[11] + +f[12]) / 100, 'own cpu', process.cpuUsage().user / 1e6); } catch {} }
