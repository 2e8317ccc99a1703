import { Option, type Command } from 'commander';
import type { CliConfig } from '../cli.config.js';
import type { Terminal } from '../terminal/terminal.js';
import { tokenCommand } from './token.command.js';

interface Flags {
  as: string;
  audience: string;
  keys: string;
  endUser?: string;
  issuer: string;
  level: string;
  credential?: string;
  gateway: string;
}

/** `kerege token`: for whoever calls by other means than this command. */
export function addToken(kerege: Command, config: CliConfig, terminal: Terminal): void {
  kerege
    .command('token')
    .description(
      'make a token: a subsystem’s, to read the log once, a person’s who signs in at the sandbox, or one to make calls with',
    )
    .requiredOption('--as <subsystem>', 'who reads or calls, INSTANCE/CLASS/MEMBER/SUBSYSTEM')
    .option('--audience <url>', 'URL of the log', config.auditUrl)
    .option('--keys <dir>', 'folder of private keys', config.keysDir)
    .option('--end-user <code>', 'test identity that signs in: the token is for Kerege-End-User, ten minutes')
    .option('--issuer <url>', 'identity provider of the sandbox', config.issuerUrl)
    .option('--level <level>', 'how sure the sign-in is to be: high or low', 'high')
    .addOption(
      new Option(
        '--credential <file>',
        'key file of its information system: the token is an access token of the gateway',
      ).conflicts('endUser'),
    )
    .option('--gateway <url>', 'gateway that gives access tokens', config.gatewayUrl)
    .action(({ as, keys, gateway, ...flags }: Flags) =>
      tokenCommand({ ...flags, subsystem: as, keysDir: keys, gatewayUrl: gateway }, terminal),
    );
}
