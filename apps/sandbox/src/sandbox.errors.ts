import { defineErrors } from '#kernel';

export const sandboxErrors = defineErrors('sandbox', {
  'sandbox-running': {
    kind: 'conflict',
    message: 'A sandbox runs already on this data directory.',
    next: 'Use it, or stop it with Ctrl-C in its terminal (or by a SIGTERM to the process that is named).',
  },
  'sandbox-ports-taken': {
    kind: 'unavailable',
    message: 'Ports that the sandbox needs are taken by other processes.',
    next: 'End those processes, or move all ports of the sandbox: KEREGE_PORT_BASE=9080 npm start',
  },
  'sandbox-left-over': {
    kind: 'unavailable',
    message: 'A process that an earlier sandbox left behind does not end.',
    next: 'End the process that is named, then start again.',
  },
  'sandbox-app-failed': {
    kind: 'broken',
    message: 'A part of the sandbox did not come up.',
    next: 'Read the end of its log above; if the data are broken, npm run reset empties them.',
  },
  'sandbox-not-ready': {
    kind: 'unavailable',
    message: 'Everything was started, but the instance did not become ready.',
    next: 'The parts that are missing are named; their logs lie in data/logs. npm run reset empties all data.',
  },
  'sandbox-apply-failed': {
    kind: 'broken',
    message: 'The definition of the instance could not be applied.',
    next: 'Correct apps/sandbox/instance.yaml as the output says; after an upgrade try npm run reset.',
  },
  'sandbox-keys-broken': {
    kind: 'broken',
    message: 'The keys or the trust file of the sandbox are incomplete.',
    next: 'npm run reset makes everything anew; keys that are lost cannot be had back.',
  },
  'sandbox-not-built': {
    kind: 'broken',
    message: 'The apps have not been built.',
    next: 'Run npm run build first; npm start does so by itself.',
  },
  'sandbox-openssl-failed': {
    kind: 'broken',
    message: 'OpenSSL could not make the certificates or a token of the sandbox’s time-stamp authorities.',
    next: 'Its last words are above. Any OpenSSL from 1.1.1 on will do; without one the sandbox starts without trusted time.',
  },
  'sandbox-stopping': {
    kind: 'unavailable',
    message: 'The sandbox is being stopped.',
    next: 'Start it again with npm start.',
  },
});
