import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointText, leafHash, openWitnessed, parsePolicy, signNote, type Witnessed } from '#tlog';
import { startWitness, type RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import type { AuditNetwork } from './audit-network.js';

/** The sandbox's witness of that number, which remembers in a folder of its own. */
export function startWitnessOf(network: AuditNetwork, number: number, port = 0): Promise<RunningWitness> {
  const keyFile = join(network.directory, `w${number}.witness`);
  const d = Buffer.alloc(32, number).toString('base64url');
  writeFileSync(keyFile, JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', d }] }));
  return startWitness(
    {
      host: '127.0.0.1',
      port,
      name: `w${number}.test.example`,
      keyFile,
      trustFile: join(network.directory, 'trust.json'),
      directory: memoryOf(network, number),
    },
    () => undefined,
  );
}

/** Lines of a policy that wants both of two witnesses. */
export function bothOf(witnesses: readonly RunningWitness[]): string[] {
  return [...witnesses.map(({ vkey }, at) => `witness w${at + 1} ${vkey}`), 'group both all w1 w2', 'quorum both'];
}

/** A note with whoever has cosigned it, by the log's key and those lines. */
export function openBy(network: AuditNetwork, lines: readonly string[], note: string): Witnessed {
  const policy = parsePolicy([`log ${network.logSigner.vkey}`, ...lines].join('\n'));
  if (!policy.ok) throw new TypeError(policy.reason.problem);
  const opened = openWitnessed(note, policy.value);
  if (!opened.ok) throw new TypeError(opened.reason);
  return opened.value;
}

/** Starts the witness anew, and shows it a tree of an attacker who holds the log key. */
export async function deceive(network: AuditNetwork, witness: RunningWitness, number: number): Promise<RunningWitness> {
  const root = leafHash(Buffer.from('of an attacker'));
  const note = await signNote(checkpointText(network.logSigner.name, 1, root), [network.logSigner]);
  rmSync(memoryOf(network, number), { recursive: true });
  await witness.close();
  const again = await startWitnessOf(network, number, Number(new URL(witness.url).port));
  const told = await fetch(`${again.url}/add-checkpoint`, { method: 'POST', body: `old 0\n\n${note}` });
  if (told.status !== 200) throw new TypeError(`not deceived: ${told.status}`);
  return again;
}

function memoryOf(network: AuditNetwork, number: number): string {
  return join(network.directory, `memory-${number}`);
}
