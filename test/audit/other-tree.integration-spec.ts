import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { sha256 } from '#kernel';
import { eventually } from '#testing';
import type { RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import { AuditNetwork } from './audit-network.js';
import { verifiedAgainst } from './verified-against.js';
import { deceive, startWitnessOf } from './witness-lab.js';

jest.setTimeout(120_000);

let network: AuditNetwork;
let witness: RunningWitness;
beforeEach(async () => {
  network = await AuditNetwork.create();
  witness = await startWitnessOf(network, 1);
});
afterEach(async () => {
  await network.close();
  await witness.close();
});

/** What the witness shows to everybody as the newest tree that it has cosigned. */
async function monitored(): Promise<string> {
  const answer = await fetch(`${witness.url}/${sha256(network.noteKey.name).toString('hex')}/checkpoint`);
  return answer.status === 200 ? answer.text() : '';
}

it('an auditor who is shown another tree than a witness was finds it by what the witness shows everybody', async () => {
  network.trustWitnesses([`witness w1 ${witness.vkey}`, 'quorum w1']);
  const app = await network.startInForce({ witnesses: [`w1=${witness.url}`] });
  await network.stampAndWait(await network.requested());
  const honest = await eventually(async () => (await monitored()) || undefined, { timeoutMs: 30_000 });
  expect(await verifiedAgainst(network, app, honest)).toEqual({ code: 0, findings: [] });
  witness = await deceive(network, witness, 1);
  const deceived = await monitored();
  expect(deceived.split('\n')[0]).toBe(network.noteKey.name);
  expect(await verifiedAgainst(network, app, deceived)).toEqual({ code: 1, findings: ['log-forked'] });
});
