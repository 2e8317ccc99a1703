import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CliConfig } from '../cli.config.js';
import type { Terminal } from '../terminal/terminal.js';
import type { KeyUse } from './key-set.js';
import { addKey, listKeys, makeCredential, revokeKey, rotateKey } from './keys.command.js';

interface Flags {
  keys: string;
}

interface RotateFlags extends Flags {
  use: KeyUse;
  overlap: number;
  algorithm: 'EdDSA' | 'ES256';
  pkcs11?: string;
}

/** `kerege keys …`: the key files of members, subsystems and instances. */
export function addKeys(kerege: Command, config: CliConfig, terminal: Terminal): void {
  const keys = kerege.command('keys').description('the private keys of members, subsystems and instances');
  const command = (usage: string, description: string) =>
    keys
      .command(usage)
      .description(description)
      .argument('<identifier>', 'whose keys they are, e.g. INSTANCE/CLASS/MEMBER/SUBSYSTEM')
      .option('--keys <dir>', 'folder of private keys', config.keysDir);
  command('list', 'what a key file holds, without its secrets').action((identifier: string, flags: Flags) =>
    listKeys({ identifier, keysDir: flags.keys }, terminal),
  );
  command('rotate', 'makes a new key; the ones before end after an overlap')
    .addOption(new Option('--use <use>', 'what for').choices(['sign', 'seal']).default('sign'))
    .option('--overlap <days>', 'how long the ones before stay valid', days, 30)
    .addOption(new Option('--algorithm <alg>', 'of a new key in the file').choices(['EdDSA', 'ES256']).default('EdDSA'))
    .option('--pkcs11 <uri>', 'the new key is this one of a token, e.g. "pkcs11:token=gov;object=population"')
    .action((identifier: string, { keys: keysDir, overlap, ...flags }: RotateFlags) =>
      rotateKey({ identifier, keysDir, overlapDays: overlap, settings: config, ...flags }, terminal),
    );
  command('add', 'adds a key of a token, as the newest; no other ends')
    .requiredOption('--pkcs11 <uri>', 'which one, e.g. "pkcs11:token=gov;object=population"')
    .action((identifier: string, { keys: keysDir, pkcs11 }: Flags & { pkcs11: string }) =>
      addKey({ identifier, keysDir, pkcs11, settings: config, mayMake: true }, terminal),
    );
  command('credential', 'makes the key with which the information system of a subsystem proves itself to gateways')
    .option('--days <days>', 'how long it is good', days, 365)
    .action((identifier: string, flags: Flags & { days: number }) =>
      makeCredential({ identifier, keysDir: flags.keys, days: flags.days }, terminal),
    );
  command('revoke', 'ends a key now; "kerege apply" tells everybody')
    .argument('<kid>', 'of the key, as "kerege keys list" shows it')
    .action((identifier: string, kid: string, flags: Flags) =>
      revokeKey({ identifier, keysDir: flags.keys, kid }, terminal),
    );
}

function days(text: string): number {
  if (!/^(0|[1-9][0-9]{0,2})$/u.test(text)) throw new InvalidArgumentError('must be a number of days, at most 999');
  return Number(text);
}
