import { dirname, join } from 'node:path';
import type { Instance } from '../instance/instance.js';
import { localUrl, portsFrom, type Ports } from '../instance/layout.js';
import type { Fingerprint } from './fingerprint.js';

export interface ClosingInputs {
  readonly instance: Pick<
    Instance,
    | 'mode'
    | 'missing'
    | 'ports'
    | 'gatewayUrl'
    | 'auditUrl'
    | 'registryUrl'
    | 'portalUrl'
    | 'trustFile'
    | 'databaseUrl'
    | 'kafkaBrokers'
  >;
  readonly fingerprints: readonly Fingerprint[];
  /** As a person types it from the project's folder. */
  readonly trustPath: string;
  readonly logsPath: string;
}

const CLIENT = 'DEMO/GOV/1000/mygov';
/** Who signs in at the portal then, and sees that call. */
const CITIZEN = 'DEMO/GOV/1001/population/persons/TEST000007';
const PERSON = 'DEMO/GOV/1001/population/persons/TEST000001';

/** What a visitor reads when everything runs: where it is, what to copy now. Fits 80 columns but for the commands. */
export function closingBlock(inputs: ClosingInputs): string {
  const { instance } = inputs;
  return [
    '',
    ...(instance.mode === 'one-process' ? [...banner(instance.missing), ''] : []),
    'Kerege is ready',
    '',
    ...places(inputs),
    '',
    'A citizen asks the Population Register through the State Portal:',
    `  curl -i ${instance.gatewayUrl}/r1/${PERSON} \\`,
    `    -H 'X-Road-Client: ${CLIENT}' -H 'Kerege-Purpose: citizen-view'`,
    'Others ask about another one, and the evidence that each leaves in the log is verified:',
    ...callCommands(inputs),
    `What it refuses: ${tourCommand(inputs)}`,
    '',
    `Who looked at my data? Sign in as TEST000007 at ${instance.portalUrl}, see each row`,
    'proven in the browser, and ask about one why; then let who was asked answer, and look again:',
    ...questionCommands(inputs),
    '',
    'Its date of birth is wrong (and the address of TEST000013, which the Cadastre knows). Say so there',
    'under "My record"; be the register’s case worker, told what comes next, and clerk before `correct`:',
    ...correctionCommands(inputs),
    '',
    `What ${inputs.trustPath} trusts (compare before you believe it elsewhere):`,
    ...inputs.fingerprints.map(({ what, fingerprint }) => `  ${what.padEnd(9)} ${fingerprint}`),
    'Ctrl-C stops everything; npm run reset empties its data.',
  ].join('\n');
}

function places({ instance, logsPath }: ClosingInputs): string[] {
  const { ports } = instance;
  const rows: [string, string][] = [
    ['gateway', instance.gatewayUrl],
    ['registry', instance.registryUrl],
    ['audit log', instance.auditUrl],
    ['connectors', `ports ${ports.cn1} (population, cadastre), ${ports.cn2} (benefits, clinic)`],
    ['agencies', `ports ${ports.population}–${ports.clinic}; POST /_sandbox/faults, GET /_sandbox/calls`],
    ['Kafka', instance.kafkaBrokers === '' ? 'none' : instance.kafkaBrokers],
    ['PostgreSQL', placeOf(instance.databaseUrl)],
    ['logs', logsPath],
  ];
  return rows.map(([name, place]) => `  ${name.padEnd(11)} ${place}`);
}

/** Host and database of a URL, without user and password. */
function placeOf(databaseUrl: string): string {
  const url = URL.parse(databaseUrl);
  return url === null ? 'yours' : `${url.host}${url.pathname}`;
}

/** What `kerege` has to be told about an instance, by option. */
function optionsOf(ports: Ports, dataDir: string) {
  return {
    '--gateway': localUrl(ports.gateway),
    '--registry': localUrl(ports.registry),
    '--issuer': localUrl(ports.identityProvider),
    '--feedback': localUrl(ports.feedback),
    '--keys': join(dataDir, 'keys'),
    '--trust': join(dataDir, 'trust.json'),
    '-f': join(dataDir, 'definition', 'instance.yaml'),
  };
}
/** What it takes by itself in the project's folder. */
const USUAL = optionsOf(portsFrom(8080), 'data');

/** Those of the options without which a command would reach or read another instance, each after a space. */
function here({ instance, trustPath }: ClosingInputs, ...names: readonly (keyof typeof USUAL)[]): string {
  const options = optionsOf(instance.ports, dirname(trustPath));
  return names
    .filter((name) => options[name] !== USUAL[name])
    .map((name) => ` ${name} ${options[name]}`)
    .join('');
}

function callCommands(inputs: ClosingInputs): string[] {
  const at = here(inputs, '--gateway', '--trust');
  const [more, place] = at === '' ? ['', []] : [' \\', [`   ${at}`]];
  return [
    `  npx kerege call GET ${CITIZEN} \\`,
    `    --client ${CLIENT} --purpose citizen-view${more}`,
    ...place,
    ...['DEMO/GOV/1003/benefits', 'DEMO/COM/2001/clinic'].flatMap((client) => [
      `  npx kerege call GET ${CITIZEN} --client ${client}${more}`,
      ...place,
    ]),
  ];
}

/** One command shows wrong persons, strangers, spent quotas and stopped agreements. */
function tourCommand(inputs: ClosingInputs): string {
  const places = [here(inputs, '--gateway', '--registry', '--issuer'), here(inputs, '--keys', '--trust', '-f')];
  return ['npx kerege tour', ...places.filter((at) => at !== '')].join(' \\\n   ');
}

/** The consumer of the call above answers; `list` tells the id. */
function questionCommands(inputs: ClosingInputs): string[] {
  const asked = `--subsystem ${CLIENT}${here(inputs, '--feedback', '--keys')}`;
  return [
    `  npx kerege questions list ${asked}`,
    `  npx kerege questions answer <id> ${asked} --code YOUR_APPLICATION`,
  ];
}

/** The list says what is to be done next, and so does each command that it leads to, with the options that it was given. */
function correctionCommands(inputs: ClosingInputs): string[] {
  const at = here(inputs, '--feedback', '--keys', '--registry', '--trust');
  return [
    `  npx kerege correction list --as DEMO/GOV/1001/population${at}`,
    `  curl -X POST ${localUrl(inputs.instance.ports.population)}/_sandbox/clerk/TEST000007`,
  ];
}

/** What is missing, and what that means (`sandbox.md` §1). */
export function banner(missing: string | undefined): string[] {
  return [
    '┌─ One process, no Kafka ─────────────────────────────────────────────────────',
    `│ ${missing ?? 'Apache Kafka is missing'}.`,
    '│ All apps share one process and a bus in its memory. So this instance cannot',
    '│ show what a crash leaves or how processes recover, its figures mean nothing,',
    '│ and nothing of it is kept: ./data/fallback is emptied at each start.',
    '│ For the real thing: Java 17 or newer and Maven, or KAFKA_BROKERS=host:port.',
    '└─────────────────────────────────────────────────────────────────────────────',
  ];
}
