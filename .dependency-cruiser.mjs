/** The dependency rules of the house (docs/architecture.md), enforced from file names alone. */
const role =
  '[.](module|controller|consumer|service|store|entity|dto|guard|filter|interceptor|pipe|config|errors|worker|command|spec|integration-spec|system-spec)[.]ts$';
const pureLibs =
  '^libs/(kernel|contracts|access|tlog|signing|snapshot|end-user|reader-auth|corrections|contract-check)/src/';
const glueLibs =
  '^libs/(platform|postgres|bus|local|registry-copy|log-watch|openings|deliveries|case-client|pkcs11|testing)/';
const anySpec = 'spec[.]ts$';

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle has no first file to read.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'apps-do-not-meet',
      severity: 'error',
      comment: 'Apps meet over contracts, Kafka or HTTP. Only the sandbox fallback composes them in one process.',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/sandbox/src/fallback/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'libs-by-their-index',
      severity: 'error',
      comment: 'A library is what its index promises.',
      from: { path: '^(apps|libs|test)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/[^/]+/src/index[.]ts$', '^$1/$2/'] },
    },
    {
      name: 'pure-files-stay-pure',
      severity: 'error',
      comment: 'A file without a role suffix decides; it touches no framework, driver, file system or network.',
      from: {
        path: ['^apps/[^/]+/src/', pureLibs],
        pathNot: [role, '/(main|index)[.]ts$', '/migrations/', '/generated/', '/spec-support/'],
      },
      to: {
        path: [
          '^(node:)?(fs|net|http|https|http2|tls|dgram|child_process|worker_threads|cluster|dns)(/|$)',
          'node_modules/(@nestjs|typeorm|pg|kafkajs|undici|fastify|opossum|pino|nestjs-pino|prom-client|execa|piscina|listr2|commander)/',
          glueLibs,
        ],
      },
    },
    {
      name: 'levels-kernel',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: anySpec },
      to: { path: '^libs/', pathNot: '^libs/kernel/' },
    },
    {
      name: 'levels-pure',
      severity: 'error',
      from: { path: pureLibs, pathNot: anySpec },
      to: { path: glueLibs },
    },
    {
      name: 'testing-is-for-specs',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [anySpec, '^libs/testing/', '/spec-support/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'kafkajs-in-one-place',
      severity: 'error',
      from: { pathNot: ['^libs/bus/src/kafka/', '^test/(load|fault)/', anySpec] },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'typeorm-in-stores',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['[.](store|entity)[.]ts$', '/migrations/', '^libs/(postgres|local|testing)/', anySpec],
      },
      to: { path: 'node_modules/(typeorm|pg|@nestjs/typeorm)/' },
    },
    {
      name: 'verify-shares-nothing',
      severity: 'error',
      comment: 'Evidence is judged by code that did not make it: only hashing and bytes are shared.',
      from: { path: '^apps/cli/src/verify/', pathNot: anySpec },
      to: { pathNot: ['^apps/cli/src/verify/', '^libs/kernel/', '^(node:)?(crypto|buffer)$', 'node_modules/jose/'] },
    },
    {
      name: 'verify-log-shares-nothing',
      severity: 'error',
      comment:
        'A log is judged by code that did not write it: hashing, bytes, and the verifier of evidence are shared.',
      from: { path: '^apps/cli/src/verify-log/', pathNot: anySpec },
      to: {
        pathNot: [
          '^apps/cli/src/verify(-log)?/',
          '^libs/kernel/',
          '^(node:)?(crypto|buffer)$',
          'node_modules/(piscina|sodium-native)/',
        ],
      },
    },
    {
      name: 'ledger-shares-nothing',
      severity: 'error',
      comment: 'What a crash leaves is judged by code that owes nothing to the product.',
      from: { path: '^test/fault/ledger/', pathNot: anySpec },
      to: { path: '^(apps|libs)/' },
    },
    {
      name: 'tlog-verifiers-apart',
      severity: 'error',
      comment: 'Checking a proof shares only hashing with growing a tree and signing a note.',
      from: { path: '^libs/tlog/src/(verify-|open-note|parse-)', pathNot: anySpec },
      to: { path: '^libs/tlog/src/(growing-tree|sign-note|encode-|proof-path|tree-range)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|data)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
