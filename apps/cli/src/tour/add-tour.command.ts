import { join } from 'node:path';
import type { Command } from 'commander';
import type { CliConfig } from '../cli.config.js';
import type { Terminal } from '../terminal/terminal.js';
import type { RunKerege } from './guide.service.js';
import { tourCommand } from './tour.command.js';

interface Flags {
  gateway: string;
  registry: string;
  issuer: string;
  keys: string;
  trust: string;
  file: string;
}

/** `kerege tour`: what the bus refuses, shown on a running sandbox. */
export function addTour(kerege: Command, config: CliConfig, terminal: Terminal, run: RunKerege): void {
  kerege
    .command('tour')
    .description('show on a running sandbox what the bus refuses: persons, proofs, quotas, stopped agreements')
    .option('--gateway <url>', 'gateway', config.gatewayUrl)
    .option('--registry <url>', 'registry', config.registryUrl)
    .option('--issuer <url>', 'identity provider of the sandbox', config.issuerUrl)
    .option('--keys <dir>', 'folder of private keys', config.keysDir)
    .option('--trust <file>', 'what to believe', config.trustFile)
    .option('-f, --file <file>', 'definition as it was applied', join(config.dataDir, 'definition', 'instance.yaml'))
    .action(({ gateway, registry, issuer, keys, trust, file }: Flags) =>
      tourCommand(
        {
          ...{ gatewayUrl: gateway, registryUrl: registry, issuerUrl: issuer, keysDir: keys },
          ...{ trustFile: trust, file },
          registryClient: config.registryClient,
          usual: { gateway: config.gatewayUrl, issuer: config.issuerUrl, keys: config.keysDir },
        },
        terminal,
        run,
      ),
    );
}
