import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { keyFileName } from '#platform';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { applyCommand } from '../../../apps/cli/src/apply/apply.command.js';
import { repositoryRoot } from '#local';
import { loadErrors } from '../harness/load.errors.js';

export const CONSUMER = 'DEMO/GOV/1000/mygov';
export const ENDPOINT = 'GET /{pin}';

interface Agreement {
  consumer: string;
  service: string;
  endpoints: string[];
}

interface Definition {
  members: { id: string; subsystems: { agreements?: Agreement[] }[] }[];
  suspensions?: object[];
}

/** What is taken from the consumer, each as whoever may takes it: the provider, the operator, the consumer itself. */
export const REVOCATIONS = ['right', 'agreement', 'member', 'key'] as const;
export type Revocation = (typeof REVOCATIONS)[number];

/** Applies revocations to an instance, and takes them back. */
export class RegistryChanges {
  private constructor(
    private readonly instance: Instance,
    private readonly folder: string,
    private readonly original: string,
  ) {}

  static async of(instance: Instance): Promise<RegistryChanges> {
    const folder = join(instance.dataDir, 'revocation');
    await cp(join(repositoryRoot(), 'apps/sandbox/openapi'), join(folder, 'openapi'), { recursive: true });
    await copyFile(keyFile(instance), join(folder, 'key'));
    return new RegistryChanges(instance, folder, await readFile(instance.definitionFile, 'utf8'));
  }

  /** Resolves when the registry has acknowledged it. */
  async revoke(what: Revocation): Promise<void> {
    if (what === 'key') await this.endKey();
    const definition = parse(this.original) as Definition;
    if (what === 'right') eachAgreement(definition, (one) => [{ ...one, endpoints: without(one.endpoints) }]);
    if (what === 'agreement') eachAgreement(definition, () => []);
    if (what === 'member') definition.suspensions = [{ of: 'GOV/1000', reason: 'under investigation' }];
    await this.apply(definition);
  }

  async restore(): Promise<void> {
    await copyFile(join(this.folder, 'key'), keyFile(this.instance));
    await this.apply(parse(this.original) as Definition);
  }

  private async endKey(): Promise<void> {
    const file = keyFile(this.instance);
    const set = JSON.parse(await readFile(file, 'utf8')) as { keys: { crv?: string; exp?: number }[] };
    const exp = Math.floor(Date.now() / 1000);
    const keys = set.keys.map((key) => (key.crv === 'Ed25519' ? { ...key, exp } : key));
    await writeFile(file, JSON.stringify({ keys }));
  }

  private async apply(definition: Definition): Promise<void> {
    const file = join(this.folder, 'instance.yaml');
    await writeFile(file, stringify(definition));
    const { registryUrl, keysDir } = this.instance;
    let told = '';
    const terminal = {
      out: () => undefined,
      tell: (line: string) => void (told = line),
      paint: (_: string, text: string) => text,
    };
    const asked = { yes: true, reason: 'benchmark', token: '', tokenFile: '' };
    await applyCommand({ file, keysDir, registryUrl, dryRun: false, ...asked }, terminal);
    if (!told.includes('is in force'))
      throw loadErrors.error('bench-wrong-answer', { details: { reason: `apply says: ${told}` } });
  }
}

function keyFile({ keysDir }: Instance): string {
  return join(keysDir, keyFileName(CONSUMER));
}

function without(endpoints: readonly string[]): string[] {
  return endpoints.filter((endpoint) => endpoint !== ENDPOINT);
}

/** Those by which the consumer asks for persons. */
function eachAgreement({ members }: Definition, change: (one: Agreement) => Agreement[]): void {
  for (const subsystem of members.flatMap(({ subsystems }) => subsystems))
    if (subsystem.agreements !== undefined)
      subsystem.agreements = subsystem.agreements.flatMap((one) =>
        one.consumer === 'GOV/1000/mygov' && one.service === 'persons' ? change(one) : [one],
      );
}
