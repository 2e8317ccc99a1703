import { loadTrust } from '#platform';
import { parseVkey } from '#tlog';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { harmless } from '../terminal/harmless.js';
import { parseJson } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { explainFlaw, proveCorrection, type ProvenCorrection } from './case-evidence.js';
import { publishedView, type RegistryOptions } from './published-keys.service.js';

export interface VerifyCorrectionOptions extends RegistryOptions {
  readonly file: string;
  readonly json: boolean;
}

/** `kerege correction verify`: judges what a person took home of a case, by trust.json and what the registry publishes. */
export async function verifyCorrection(options: VerifyCorrectionOptions, terminal: Terminal): Promise<void> {
  const { file, json, ...registry } = options;
  const evidence = parseJson(await readBytes(file));
  const { logs } = await loadTrust(options.trustFile);
  const keys = logs.flatMap((vkey) => {
    const key = parseVkey(vkey);
    return key.ok ? [key.value] : [];
  });
  const verdict = proveCorrection(evidence, { logs: keys, view: await publishedView(registry) });
  if (json) {
    const said = verdict.ok ? { verified: true, ...verdict.value } : { verified: false, ...verdict.reason };
    terminal.out(`${JSON.stringify(said)}\n`);
  }
  if (!verdict.ok) throw cliErrors.error('not-verified', { extensions: { problem: explainFlaw(verdict.reason) } });
  if (!json) for (const line of reportLines(verdict.value, terminal.paint)) terminal.tell(line);
}

/** For people: what is proven, and what is not. */
export function reportLines(proven: ProvenCorrection, paint: Terminal['paint']): string[] {
  const { correctionId, publicNumber, subject, state, steps, recipients } = proven;
  const sure = paint('green', '✓');
  const open = paint('yellow', '?');
  const said = steps.flatMap(({ seq, hasProvenAct }) => (hasProvenAct ? [seq] : []));
  const told = (recipients ?? []).map(({ subsystem, action }) => `  told: ${subsystem}, ${action ?? 'no answer yet'}`);
  return [
    `${sure} ${paint('bold', 'Verified')}: correction ${correctionId}`,
    ...[`  about ${subject}, ${state}`, ...told].map(harmless),
    ...steps.map(({ seq, type, was, now, why, signer, index, claimedAtMs }) => {
      const reason = why === undefined ? '' : ` (${why})`;
      const what = `${was} → ${now}  ${type}${reason}`;
      return harmless(
        `    ${seq}. leaf ${index}  ${what}  signed by ${signer}, ${new Date(claimedAtMs).toISOString()}`,
      );
    }),
    `  ${sure} each step: signature by who may make it, place in the log under a checkpoint of its trusted key`,
    `  ${sure} the chain from the first step on: number, state before, leaf before`,
    `  ${sure} the person, by the opening`,
    ...(said.length === 0 ? [] : [`  ${sure} what the agency said, by its digests: steps ${said.join(', ')}`]),
    ...(recipients === undefined ? [] : [`  ${sure} who was told: each stands under the root that the log has`]),
    harmless(`  ${open} not checked: that ${publicNumber} is its number; no statement names it`),
    `  ${open} not checked: that no later step stands in the log (needs the log: verify-log)`,
    `  ${open} not checked: that keys were in force at that index; that members who are not shown were not told`,
  ];
}
