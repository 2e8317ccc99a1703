import { Tokens } from '#pkcs11';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AUDIT_QUESTIONS } from '#corrections';
import { ANSWER_CODES } from '#signing';
import { applyCommand } from './apply/apply.command.js';
import { callCommand } from './call/call.command.js';
import { concealCommand } from './conceal/conceal.command.js';
import { cliConfig, type CliConfig } from './cli.config.js';
import { addChanges } from './changes/add-changes.command.js';
import { completenessCommand } from './completeness/completeness.command.js';
import { auditCorrectionsCommand } from './corrections/audit-corrections.command.js';
import { verifyCommand } from './evidence/verify.command.js';
import { verifyLogCommand } from './log-check/verify-log.command.js';
import { addKeys } from './keys/add-keys.command.js';
import { monitorCommand } from './monitor/monitor.command.js';
import { addCorrection } from './corrections/add-correction.command.js';
import { answerQuestion, listQuestions } from './questions/questions.command.js';
import { resetCommand } from './reset/reset.command.js';
import { describeError } from './terminal/describe-error.js';
import { exitCodeOf, exitCodes } from './terminal/exit-code.js';
import { tellError, type Terminal } from './terminal/terminal.js';
import { addToken } from './token/add-token.command.js';
import { addTour } from './tour/add-tour.command.js';

interface ApplyFlags {
  file: string;
  keys: string;
  registry: string;
  dryRun?: boolean;
  yes?: boolean;
  member?: string;
  reason: string;
  effectiveAt?: string;
  tokenFile: string;
}
interface VerifyFlags {
  trust: string;
  client?: string;
  answer?: string;
  json?: boolean;
}
interface VerifyLogFlags {
  trust: string;
  against?: string;
  before?: string;
  state?: string;
  fromStart?: boolean;
  treeOnly?: boolean;
  tokenFile?: string;
  threads?: number;
  json?: boolean;
}
interface MonitorFlags {
  subsystem: string;
  trust: string;
  keysDir?: string;
  key: string[];
  own?: string;
  document?: string;
  interval: number;
  tokenFile?: string;
  once?: boolean;
}
interface CompletenessFlags {
  as: string;
  keys: string;
  trust: string;
  audit: string;
  feedback: string;
  audience?: string;
  tokenFile?: string;
  sample: number;
  out?: string;
  json?: boolean;
}
interface AuditCorrectionsFlags {
  as: string;
  keys: string;
  feedback: string;
  audience?: string;
  case?: string;
  at?: string;
  from?: string;
  until?: string;
}
interface QuestionsFlags {
  subsystem: string;
  keys: string;
  feedback: string;
}
interface ConcealFlags {
  as: string;
  order: string;
  keys: string;
  feedback: string;
  until?: string;
  operator?: string;
  countersign?: string;
  salt?: string;
}
interface CallFlags {
  client: string;
  credential?: string;
  purpose?: string;
  legalBasis?: string;
  subject?: string;
  endUser?: string;
  idempotencyKey?: string;
  data?: string;
  contentType: string;
  gateway: string;
  trust: string;
}

/** Runs one command line (without program name) and returns its exit code; never throws, never exits. */
export async function runKerege(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program(cliConfig.load(), terminal).parseAsync([...args], { from: 'user' });
    return exitCodes.ok;
  } catch (cause) {
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    tellError(terminal, describeError(cause));
    return exitCodeOf(cause);
  }
}

function program(config: CliConfig, terminal: Terminal): Command {
  const kerege = new Command('kerege')
    .description('Operate, call and verify a Kerege data-exchange bus.')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: (text) => terminal.tell(text.trimEnd()) })
    .showHelpAfterError('Next: see "kerege --help" for how it is written.')
    .addHelpText('after', '\nExit codes: 0 done or verified, 1 refused or not verified, 2 usage, 3 unavailable.');
  addApply(kerege, config, terminal);
  addVerify(kerege, config, terminal);
  addVerifyLog(kerege, config, terminal);
  addMonitor(kerege, config, terminal);
  addAudit(kerege, config, terminal);
  addCall(kerege, config, terminal);
  addToken(kerege, config, terminal);
  addQuestions(kerege, config, terminal);
  addCorrection(kerege, config, terminal);
  addConceal(kerege, config, terminal);
  addKeys(kerege, config, terminal);
  addChanges(kerege, config, terminal);
  addTour(kerege, config, terminal, runKerege);
  kerege
    .command('reset')
    .description('empty the data of a stopped instance: keys, log and databases')
    .option('--data <dir>', 'folder to empty', config.dataDir)
    .action((flags: { data: string }) => resetCommand(flags.data, terminal));
  return kerege;
}

function addApply(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('apply')
    .description('ask the registry to hold exactly what a definition says; tells the difference first')
    .requiredOption('-f, --file <file>', 'definition, e.g. instance.yaml')
    .option('--keys <dir>', 'folder of private keys; missing ones are made', config.keysDir)
    .option('--registry <url>', 'registry', config.registryUrl)
    .option('--dry-run', 'only tell what would change')
    .option('--member <id>', 'only what this member says, CLASS/CODE; its keys are enough')
    .option('--yes', 'without being asked, where the registry has officers')
    .option('--reason <text>', 'why, for who approves', 'as the definition says')
    .option('--effective-at <instant>', 'when it shall take effect; at once after approval if absent')
    .option(
      '--token-file <file>',
      'token of "kerege login"; without one this machine applies at once',
      config.tokenFile,
    )
    .action(({ file, keys, registry, dryRun = false, yes = false, ...flags }: ApplyFlags) =>
      applyCommand(
        {
          ...flags,
          file,
          keysDir: keys,
          registryUrl: registry,
          dryRun,
          yes,
          token: config.token.reveal(),
          device: Tokens.of(config),
        },
        terminal,
      ),
    );
}

function addQuestions(kerege: Command, config: CliConfig, terminal: Terminal): void {
  const questions = kerege
    .command('questions')
    .description('what persons ask of a subsystem that looked at their data');
  const command = (usage: string, description: string) =>
    questions
      .command(usage)
      .description(description)
      .requiredOption('--subsystem <id>', 'who was asked, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
      .option('--keys <dir>', 'folder of private keys', config.keysDir)
      .option('--feedback <url>', 'feedback', config.feedbackUrl);
  command('list', 'questions that wait for an answer, the oldest first')
    .option('--json', 'one JSON object a line')
    .action(({ keys, feedback, subsystem, json = false }: QuestionsFlags & { json?: boolean }) =>
      listQuestions({ subsystem, keysDir: keys, feedbackUrl: feedback, json }, terminal),
    );
  command('answer', 'answers one, once and for all, signed with the key of the subsystem')
    .argument('<id>', 'of the question')
    .addOption(new Option('--code <code>', 'why it looked').choices(ANSWER_CODES).makeOptionMandatory())
    .option('--text <text>', 'in your own words, best in the language in which the person reads')
    .action((id: string, { keys, feedback, subsystem, ...flags }: QuestionsFlags & { code: string; text?: string }) =>
      answerQuestion({ ...flags, id, subsystem, keysDir: keys, feedbackUrl: feedback }, terminal),
    );
}

function addConceal(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('conceal')
    .description('order that accesses of an authority stay concealed for a while, or countersign such an order')
    .requiredOption('--as <subsystem>', 'who signs: the authority, or who countersigns for the operator')
    .requiredOption('--order <file>', 'the act; its salted digest goes into the log, never the act')
    .option('--until <instant>', 'end of the concealment, e.g. 2027-01-31T00:00:00Z')
    .option('--operator <subsystem>', 'who is to countersign')
    .option('--countersign <id>', 'countersign the order of that id')
    .option('--salt <salt>', 'of the order that is countersigned, as its authority was told')
    .option('--keys <dir>', 'folder of private keys', config.keysDir)
    .option('--feedback <url>', 'feedback, as it calls itself', config.feedbackUrl)
    .action(({ as, keys, feedback, ...flags }: ConcealFlags) =>
      concealCommand({ ...flags, subsystem: as, keysDir: keys, feedbackUrl: feedback }, terminal),
    );
}

function addVerify(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('verify')
    .description('judge the evidence of an exchange, offline, by trust.json alone')
    .argument('<file-or-url>', 'evidence, or where to fetch it')
    .option('--trust <file>', 'what to believe', config.trustFile)
    .option('--client <id>', 'subsystem that asks, where a URL is given')
    .option('--answer <file>', 'also check that this is the body of the answer')
    .option('--json', 'verdict as one JSON object')
    .action((place: string, { trust, client, answer, json = false }: VerifyFlags) =>
      verifyCommand({ place, trustFile: trust, client, answerFile: answer, json }, terminal),
    );
}

function addVerifyLog(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('verify-log')
    .description('judge a whole log from outside, by trust.json alone')
    .argument('<url-or-dir>', 'prefix under which the log is served, or a folder with its files')
    .option('--trust <file>', 'what to believe', config.trustFile)
    .option('--against <checkpoint>', 'file or URL of a checkpoint that somebody else was shown')
    .option('--before <log>', 'URL or folder of the window before, on which this one must follow')
    .option('--state <file>', 'go on from the last verified checkpoint, and remember this one')
    .option('--from-start', 'read everything again, whatever the state says')
    .option('--tree-only', 'hashes and tiles only: no statements, no signatures')
    .option('--token-file <file>', 'token of a reader, where leaves are not public')
    .option('--threads <n>', 'threads that hash and check signatures', threadCount)
    .option('--json', 'report as one JSON object')
    .action(
      (place: string, { trust, state, fromStart = false, treeOnly = false, json = false, ...flags }: VerifyLogFlags) =>
        verifyLogCommand({ ...flags, place, trustFile: trust, stateFile: state, fromStart, treeOnly, json }, terminal),
    );
}

function addMonitor(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('monitor')
    .description('follow a log for a member: alarms on what stands there in its name and is not its own')
    .argument('<url-or-dir>', 'prefix under which the log is served, or a folder with its files')
    .requiredOption('--subsystem <id>', 'INSTANCE/CLASS/MEMBER/SUBSYSTEM whose name is watched')
    .option('--trust <file>', 'what to believe', config.trustFile)
    .option('--keys-dir <dir>', 'folder with the key file of the subsystem: its own keys')
    .option('--key <thumbprint>', 'an own key; may be repeated', (key: string, all: string[]) => [...all, key], [])
    .option('--own <file>', 'leaf hashes of its own statements, one a line, base64url, hex, or JSON {"leaf": …}')
    .option('--document <file>', 'its own member document, a JWS')
    .option('--interval <seconds>', 'how often to look', seconds, 10)
    .option('--token-file <file>', 'token of a reader, where leaves are not public')
    .option('--once', 'look once; the exit code says whether there was an alarm')
    .action((place: string, { trust, once = false, key: keys, own, document, ...flags }: MonitorFlags) =>
      monitorCommand({ ...flags, place, trustFile: trust, once, keys, ownFile: own, documentFile: document }, terminal),
    );
}

function addAudit(kerege: Command, config: CliConfig, terminal: Terminal): void {
  const audit = kerege.command('audit').description('for auditors: what holds feedback against the log');
  addAuditCorrections(audit, config, terminal);
  audit
    .command('completeness')
    .description('count every commitment in the log against what persons are shown, and open a sample; a signed report')
    .requiredOption('--as <subsystem>', 'who audits, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
    .option('--keys <dir>', 'folder of private keys', config.keysDir)
    .option('--trust <file>', 'what to believe', config.trustFile)
    .option('--audit <url>', 'audit service that serves the logs', config.auditUrl)
    .option('--feedback <url>', 'feedback', config.feedbackUrl)
    .option('--audience <url>', 'URL of feedback as its operator publishes it, where it is another')
    .option('--token-file <file>', 'token of a reader, where leaves are not public')
    .option(
      '--sample <leaves>',
      'leaves of each log that are opened; the auditor learns of whom they speak',
      sampleSize,
      100,
    )
    .option('--out <file>', 'where the signed report goes instead of standard output')
    .option('--json', 'the report as one JSON object')
    .action(({ as, keys, trust, audit, feedback, json = false, ...flags }: CompletenessFlags) =>
      completenessCommand(
        { ...flags, subsystem: as, keysDir: keys, trustFile: trust, auditUrl: audit, feedbackUrl: feedback, json },
        terminal,
      ),
    );
}

function addAuditCorrections(audit: Command, config: CliConfig, terminal: Terminal): void {
  audit
    .command('corrections')
    .description('one of the twelve questions about corrections: of a case, or of all cases of a time; as JSON')
    .addArgument(new Argument('<question>', 'what is asked').choices(AUDIT_QUESTIONS))
    .requiredOption('--as <subsystem>', 'who audits, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
    .option('--case <id>', 'id or public number, for a question about one case')
    .option('--at <instant>', 'of overdue: when; now if absent')
    .option('--from <instant>', 'from when')
    .option('--until <instant>', 'until when')
    .option('--keys <dir>', 'folder of private keys', config.keysDir)
    .option('--feedback <url>', 'feedback', config.feedbackUrl)
    .option('--audience <url>', 'URL of feedback as its operator publishes it, where it is another')
    .action((question: string, { as, keys, feedback, ...flags }: AuditCorrectionsFlags) =>
      auditCorrectionsCommand({ ...flags, question, subsystem: as, keysDir: keys, feedbackUrl: feedback }, terminal),
    );
}

function sampleSize(text: string): number {
  if (!/^(0|[1-9][0-9]{0,3})$/u.test(text)) throw new InvalidArgumentError('must be a number from 0 to 9999');
  return Number(text);
}

function seconds(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/u.test(text)) throw new InvalidArgumentError('must be a number of seconds');
  return Number(text);
}

function threadCount(text: string): number {
  if (!/^[1-9][0-9]?$/u.test(text)) throw new InvalidArgumentError('must be a number from 1 to 99');
  return Number(text);
}

function addCall(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('call')
    .description('make a request through the gateway and check its evidence')
    .argument('<method>', 'GET, POST, …')
    .argument('<service-path...>', 'INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE and the path in it')
    .requiredOption('--client <id>', 'subsystem that asks')
    .option('--credential <file>', 'key file of its information system: the call is made with an access token')
    .option('--purpose <code>', 'why; needed where the agreement knows several')
    .option('--legal-basis <code>', 'ground, where the purpose does not imply it')
    .option('--subject <id>', 'COUNTRY/TYPE/CODE, where the service has no rule to find it')
    .option('--end-user <token>', 'who acts: a token of a registered issuer, see "kerege token --end-user"')
    .option('--idempotency-key <key>', 'so that a repeat is not a second call')
    .option('--data <text>', 'body, or @file')
    .option('--content-type <type>', 'of the body', 'application/json')
    .option('--gateway <url>', 'gateway', config.gatewayUrl)
    .option('--trust <file>', 'what to believe', config.trustFile)
    .action((method: string, path: string[], { gateway, trust, ...flags }: CallFlags) =>
      callCommand({ ...flags, method, path: path.join('/'), gatewayUrl: gateway, trustFile: trust }, terminal),
    );
}
