import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Acknowledgement, CasesQuery, NewValue } from '#case-client';
import { CASE_STATES, type CaseKind, type ContentItem } from '#corrections';
import {
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_ACTIONS,
  RECIPIENT_REASONS,
  TRANSFER_REASONS,
} from '#signing';
import type { CliConfig } from '../cli.config.js';
import { typedOptions } from '../terminal/command-line.js';
import type { Terminal } from '../terminal/terminal.js';
import type { DeskOptions } from './case-desk.service.js';
import {
  acknowledgeCorrection,
  actOnCorrection,
  correctCorrection,
  listCorrections,
  listTold,
  openMassCorrection,
  receiveCorrection,
  salted,
  sayOnCorrection,
  showCorrection,
  transferCorrection,
} from './corrections.command.js';
import type { RegistryOptions } from './published-keys.service.js';
import { verifyCorrection } from './verify-correction.command.js';

interface DeskFlags {
  as: string;
  keys: string;
  feedback: string;
  registry: string;
  trust: string;
}
interface DecideFlags extends WordedFlags {
  outcome: string;
  reason: string;
  law?: string;
  accept: readonly number[];
  remedy: readonly string[];
  preparedBy?: string;
  approvedBy: string;
}
interface TransferFlags extends DeskFlags {
  to: string;
  reason: string;
}
interface MassFlags extends DeskFlags {
  kind: CaseKind;
  service: string;
  endpoint: string;
  item: readonly ContentItem[];
  because?: string;
  profile?: string;
}
interface WordedFlags extends DeskFlags {
  words?: string;
}
/** How commands of a desk are made, and how their options are read. */
interface Desk {
  readonly make: (usage: string, description: string) => Command;
  readonly deskOf: (flags: DeskFlags) => DeskOptions & RegistryOptions;
}

const oneOf = (flags: string, description: string, choices: readonly string[]) =>
  new Option(flags, description).choices(choices);

/** `kerege correction`: for a case worker whose agency has no system of its own. */
export function addCorrection(kerege: Command, config: CliConfig, terminal: Terminal): void {
  const correction = kerege
    .command('correction')
    .description('what persons say is wrong in the data of a subsystem: read, decide, correct, acknowledge');
  const desk = deskFor(correction, config);
  addReading(desk, terminal);
  addHandling(desk, terminal);
  addDeciding(desk, terminal);
  addMass(desk, terminal);
  addAcknowledging(desk, terminal);
  addVerifying(correction, config, terminal);
}

/** By whoever has the file: it takes no subsystem. */
function addVerifying(correction: Command, config: CliConfig, terminal: Terminal): void {
  withRegistry(
    correction
      .command('verify <file>')
      .description(
        'judges the evidence of a case, as a portal hands it out, by trust.json and what the registry publishes',
      )
      .option('--json', 'the verdict as one JSON object'),
    config,
  ).action((file: string, flags: { registry: string; trust: string; json?: boolean }) => {
    const { registry: registryUrl, trust: trustFile, json = false } = flags;
    return verifyCorrection({ file, registryUrl, trustFile, json }, terminal);
  });
}

function deskFor(correction: Command, config: CliConfig): Desk {
  const { feedbackUrl: feedback, keysDir: keys, registryUrl: registry, trustFile: trust } = config;
  return {
    deskOf: (flags) => ({
      ...{ subsystem: flags.as, keysDir: flags.keys, feedbackUrl: flags.feedback },
      ...{ registryUrl: flags.registry, trustFile: flags.trust },
      typed: typedOptions(
        { as: flags.as, feedback: flags.feedback, keys: flags.keys, registry: flags.registry, trust: flags.trust },
        { feedback, keys, registry, trust },
      ),
    }),
    // Those of the registry belong to all: a command prints the next one, which may need them.
    make: (usage, description) =>
      withRegistry(
        correction
          .command(usage)
          .description(description)
          .requiredOption('--as <subsystem>', 'who owns the data, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
          .option('--keys <dir>', 'folder of private keys', keys)
          .option('--feedback <url>', 'feedback, as it names itself', feedback),
        config,
      ),
  };
}

function addReading({ make, deskOf }: Desk, terminal: Terminal): void {
  make('list', 'cases of the subsystem, the oldest first')
    .addOption(oneOf('--state <state>', 'only those', ['open', 'ended', ...CASE_STATES]).default('open'))
    .option('--json', 'one JSON object a line')
    .action(({ state, json = false, ...flags }: DeskFlags & { state: CasesQuery['state']; json?: boolean }) =>
      listCorrections({ ...deskOf(flags), state, json }, terminal),
    );
  make('show <id>', 'a case with its request, opened for this terminal, its terms, and what can be done next')
    .option('--json', 'as one JSON object')
    .action((id: string, { json = false, ...flags }: DeskFlags & { json?: boolean }) =>
      showCorrection(id, { ...deskOf(flags), json }, terminal),
    );
}

/** Where somebody's published key is found. */
function withRegistry(command: Command, { registryUrl, trustFile }: CliConfig): Command {
  return command
    .option('--registry <url>', 'registry that says whose key is which', registryUrl)
    .option('--trust <file>', 'trust.json, by which it is believed', trustFile);
}

function withWords(command: Command): Command {
  return command.option(
    '--words <text>',
    'own words for the person, plain text, sealed for their portal: feedback and the operator cannot read them',
  );
}

function addHandling({ make, deskOf }: Desk, terminal: Terminal): void {
  make('receive <id>', 'signs the receipt over the request').action((id: string, flags: DeskFlags) =>
    receiveCorrection(id, deskOf(flags), terminal),
  );
  make('start <id>', 'takes it into review; the datum is flagged').action((id: string, flags: DeskFlags) =>
    actOnCorrection(id, { act: 'start' }, deskOf(flags), terminal),
  );
  withWords(make('ask <id>', 'asks the person'))
    .addOption(oneOf('--question <code>', 'what is needed', QUESTION_CODES).makeOptionMandatory())
    .action((id: string, { question, words, ...flags }: WordedFlags & { question: string }) =>
      sayOnCorrection(id, salted({ act: 'request-info', question }), words, deskOf(flags), terminal),
    );
  make('transfer <id>', 'hands it on to who owns the datum, sealed anew for their published key')
    .requiredOption('--to <subsystem>', 'who owns the datum, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
    .addOption(oneOf('--reason <code>', 'why', TRANSFER_REASONS).makeOptionMandatory())
    .action((id: string, { to: target, reason, ...flags }: TransferFlags) =>
      transferCorrection(id, { target, reason }, deskOf(flags), terminal),
    );
  make('extend <id>', 'takes more time, once, before the term ends')
    .addOption(oneOf('--reason <code>', 'why', EXTENSION_REASONS).makeOptionMandatory())
    .action((id: string, { reason, ...flags }: DeskFlags & { reason: string }) =>
      actOnCorrection(id, { act: 'extend', reason }, deskOf(flags), terminal),
    );
}

function addDeciding({ make, deskOf }: Desk, terminal: Terminal): void {
  withWords(make('decide <id>', 'decides, once and for all unless it is reopened'))
    .addOption(
      oneOf('--outcome <outcome>', 'what', ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED']).makeOptionMandatory(),
    )
    .addOption(oneOf('--reason <code>', 'why', DECISION_REASONS).makeOptionMandatory())
    .option('--law <reference>', 'article that it rests on')
    .option('--accept <places>', 'items that are accepted, e.g. 0,1', places, [])
    .option('--remedy <code>', 'where one may complain; again for each', gathered, [])
    .option('--prepared-by <id>', 'who prepared it: an opaque id, not a name')
    .requiredOption('--approved-by <id>', 'who approved it: an opaque id, not a name')
    .action((id: string, { outcome, reason, law, accept, remedy, ...flags }: DecideFlags) => {
      const { preparedBy, approvedBy, words } = flags;
      const said = { act: 'decide', outcome, reasonCode: reason, legalRef: law, remedies: remedy, accepted: accept };
      return sayOnCorrection(id, salted({ ...said, preparedBy, approvedBy }), words, deskOf(flags), terminal);
    });
  make('correct <id>', 'states what the register holds now: digests, never values')
    .requiredOption(
      '--value <item=json>',
      'new value of an accepted item, e.g. 0=\'"1990-01-02"\'; again for each',
      value,
    )
    .requiredOption('--effective-from <date>', 'from when the new values hold, e.g. 2026-01-31', date)
    .action((id: string, flags: DeskFlags & { value: readonly NewValue[]; effectiveFrom: string }) =>
      correctCorrection(id, { values: flags.value, effectiveFrom: flags.effectiveFrom }, deskOf(flags), terminal),
    );
}

function addMass({ make, deskOf }: Desk, terminal: Terminal): void {
  make('open-mass', 'opens one case for a batch of data that went wrong, which others can join')
    .addOption(oneOf('--kind <kind>', 'what is wrong', ['ERROR', 'MISSING', 'OUTDATED', 'DUPLICATE']).default('ERROR'))
    .requiredOption('--service <service>', 'whose answers show it, INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE')
    .requiredOption('--endpoint <endpoint>', 'at which registered endpoint, e.g. "GET /{pin}"')
    .requiredOption('--item <pointer=element>', 'what, e.g. /birthDate=person.birth-date; again for each', massItem)
    .option('--because <text>', 'what happened, for whoever decides; sealed for the owner itself')
    .option('--profile <name>', 'profile of terms')
    .action(({ kind, service, endpoint, item, because, profile, ...flags }: MassFlags) => {
      const items = item.map((one) => ({ ...one, ...(because === undefined ? {} : { explanation: because }) }));
      return openMassCorrection({ kind, service, endpoint, items, profile }, deskOf(flags), terminal);
    });
  make('join <id>', 'answers a case by a mass correction that was accepted whole')
    .requiredOption('--mass <id>', 'the mass correction')
    .requiredOption('--law <reference>', 'article that it rests on')
    .action((id: string, { mass: massId, law: legalRef, ...flags }: DeskFlags & { mass: string; law: string }) =>
      actOnCorrection(id, salted({ act: 'join', massId, legalRef }), deskOf(flags), terminal),
    );
}

function addAcknowledging({ make, deskOf }: Desk, terminal: Terminal): void {
  make('told', 'values that others have corrected and the subsystem got, with the ids to answer under')
    .option('--json', 'one JSON object a line')
    .action(({ json = false, ...flags }: DeskFlags & { json?: boolean }) =>
      listTold({ ...deskOf(flags), json }, terminal),
    );
  make('acknowledge <notice>', 'as a recipient: what was done with the news that a value is corrected')
    .addOption(oneOf('--action <action>', 'what', RECIPIENT_ACTIONS).makeOptionMandatory())
    .addOption(oneOf('--reason <code>', 'why it is refused', RECIPIENT_REASONS))
    .action((notice: string, { action, reason, ...flags }: DeskFlags & Acknowledgement) =>
      acknowledgeCorrection(notice, { action, reason }, deskOf(flags), terminal),
    );
}

function places(text: string): number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text)) throw new InvalidArgumentError('Places of items, from 0: 0,1.');
  return text.split(',').map(Number);
}

function massItem(text: string, before: readonly ContentItem[] = []): ContentItem[] {
  const [, pointer, element] = /^((?:\/[^=]*)?)=(.+)$/u.exec(text) ?? [];
  if (pointer === undefined || element === undefined)
    throw new InvalidArgumentError('Where it stands in the answer, and its element: /birthDate=person.birth-date.');
  return [...before, { pointer, element }];
}

function gathered(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function value(text: string, before: readonly NewValue[] = []): NewValue[] {
  const [, item = '', json = ''] = /^(\d{1,2})=(.*)$/su.exec(text) ?? [];
  try {
    return [...before, { item: Number(item), value: JSON.parse(json) as unknown }];
  } catch {
    throw new InvalidArgumentError('The place of an item and its new value as JSON: 0=\'"1990-01-02"\'.');
  }
}

function date(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('A date: 2026-01-31.');
  return text;
}
