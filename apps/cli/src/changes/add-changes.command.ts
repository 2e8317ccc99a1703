import type { Command } from 'commander';
import type { CliConfig } from '../cli.config.js';
import { loginCommand, logoutCommand } from '../login/login.command.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  approveChange,
  changeHistory,
  decideChange,
  listChanges,
  resume,
  showChange,
  suspend,
  type DeskOptions,
} from './changes.command.js';

interface Flags {
  registry: string;
  tokenFile: string;
}
interface Reasoned extends Flags {
  reason: string;
}
interface Stop extends Reasoned {
  endpoint?: string;
}

/** `kerege login`, `kerege logout` and `kerege changes …`: officers of the registry. */
export function addChanges(kerege: Command, config: CliConfig, terminal: Terminal): void {
  addLogin(kerege, config, terminal);
  const changes = kerege.command('changes').description('changes of the registry: who asks, who approves, what became');
  const desk = ({ registry, tokenFile }: Flags): DeskOptions => ({
    registryUrl: registry,
    token: config.token.reveal(),
    tokenFile,
  });
  const command = (usage: string, description: string) =>
    changes
      .command(usage)
      .description(description)
      .option('--registry <url>', 'registry', config.registryUrl)
      .option('--token-file <file>', 'token of "kerege login"', config.tokenFile);
  command('list', 'requests that are open')
    .option('--all', 'those that are decided, too')
    .action(({ all = false, ...flags }: Flags & { all?: boolean }) => listChanges({ all, ...desk(flags) }, terminal));
  command('show <id>', 'one request: what it changes and what was said').action((id: string, flags: Flags) =>
    showChange({ id, ...desk(flags) }, terminal),
  );
  command('history <kind> <id>', 'every request about one object, e.g. member DEMO/GOV/1001').action(
    (kind: string, id: string, flags: Flags) => changeHistory({ kind, id, ...desk(flags) }, terminal),
  );
  command('approve <id>', 'approve what another person asked for; shows it first')
    .option('--yes', 'without being asked')
    .action((id: string, { yes = false, ...flags }: Flags & { yes?: boolean }) =>
      approveChange({ id, yes, ...desk(flags) }, terminal),
    );
  const reasoned = (usage: string, description: string) =>
    command(usage, description).requiredOption('--reason <text>', 'why');
  reasoned('reject <id>', 'reject what another person asked for').action((id: string, flags: Reasoned) =>
    decideChange({ id, act: 'rejection', reason: flags.reason, ...desk(flags) }, terminal),
  );
  reasoned('withdraw <id>', 'withdraw what you asked for').action((id: string, flags: Reasoned) =>
    decideChange({ id, act: 'withdrawal', reason: flags.reason, ...desk(flags) }, terminal),
  );
  reasoned('suspend <of>', 'stop a member, subsystem or service at once, as a security officer')
    .option('--endpoint <endpoint>', 'only this endpoint of the service')
    .action((of: string, { reason, endpoint, ...flags }: Stop) =>
      suspend({ of, endpoint, reason, ...desk(flags) }, terminal),
    );
  reasoned('resume <of>', 'ask for the end of a suspension; another person approves')
    .option('--endpoint <endpoint>', 'where only an endpoint is suspended')
    .action((of: string, { reason, endpoint, ...flags }: Stop) =>
      resume({ of, endpoint, reason, ...desk(flags) }, terminal),
    );
}

function addLogin(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('login')
    .description('sign in as an officer of the registry, in a browser')
    .option('--issuer <url>', 'identity provider', config.issuerUrl)
    .option('--client <id>', 'as what the issuer knows the registry', config.registryClient)
    .option('--person <code>', 'a test identity of the sandbox, without a browser')
    .option('--token-file <file>', 'where the token is kept', config.tokenFile)
    .action((flags: { issuer: string; client: string; person?: string; tokenFile: string }) =>
      loginCommand(flags, terminal),
    );
  kerege
    .command('logout')
    .description('take the token of an officer away from this machine')
    .option('--token-file <file>', 'where the token is kept', config.tokenFile)
    .action(({ tokenFile }: { tokenFile: string }) => logoutCommand(tokenFile, terminal));
}
