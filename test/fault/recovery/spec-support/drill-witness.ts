import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#local';
import { startWitness, type RunningWitness } from '../../../../apps/sandbox/src/witness/witness.module.js';
import type { DrillGround } from './drill-ground.js';

const NAME = 'w1.test.example';

/** The sandbox's witness, which is away and comes back with its memory, on the same port. */
export class DrillWitness {
  readonly name = NAME;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private running: RunningWitness,
  ) {}

  /** Also names it in `trust.json`, as the only one. */
  static async start(ground: DrillGround): Promise<DrillWitness> {
    const { directory } = ground.network;
    const d = Buffer.alloc(32, 1).toString('base64url');
    writeFileSync(keyFile(directory), JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', d }] }));
    const port = await freePort();
    const witness = new DrillWitness(directory, port, await startOn(directory, port));
    ground.network.trustWitnesses(witness.policy);
    ground.atEnd(() => witness.leave());
    return witness;
  }

  /** How audit is told where it is. */
  get env(): Readonly<Record<string, string>> {
    return { KEREGE_AUDIT_WITNESSES: `w1=http://127.0.0.1:${this.port}` };
  }

  /** Lines of `trust.json` that name it. */
  get policy(): readonly string[] {
    return [`witness w1 ${this.running.vkey}`, 'quorum w1'];
  }

  leave(): Promise<void> {
    return this.running.close();
  }

  async comeBack(): Promise<void> {
    this.running = await startOn(this.directory, this.port);
  }
}

const keyFile = (directory: string) => join(directory, 'w1.witness');

function startOn(directory: string, port: number): Promise<RunningWitness> {
  return startWitness(
    {
      host: '127.0.0.1',
      port,
      name: NAME,
      keyFile: keyFile(directory),
      trustFile: join(directory, 'trust.json'),
      directory: join(directory, 'witness-memory'),
    },
    () => undefined,
  );
}
