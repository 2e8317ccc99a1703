import { checkpointText, cosigner, ed25519Seed, parsePolicy, signatureLine } from '#tlog';
import { anchorChecks, type Anchor, type AnchorCheck } from '../../apps/audit/src/scrub/anchor-check.js';
import { timeRequest } from '../../apps/audit/src/trusted-time/time-request.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import type { WrittenLog } from './written-log.js';

const WITNESS = 'w1.test.example';

export interface SaidOfLog {
  readonly said: readonly Omit<Anchor, 'size'>[];
  /** By the keys and roots of who said it. */
  readonly checks: readonly AnchorCheck[];
}

/** What a log, a witness and (where OpenSSL is) a time-stamp authority say of its head, as audit stores it. */
export async function anchorsOf({ key, sequencer }: WrittenLog): Promise<SaidOfLog> {
  const { note, size, root } = sequencer.head;
  const text = checkpointText(key.name, size, root);
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
  const witness = cosigner(WITNESS, publicKey, sign, () => Math.floor(Date.now() / 1_000));
  const policy = parsePolicy(`witness w1 ${witness.vkey}\nquorum w1`);
  const said: Omit<Anchor, 'size'>[] = [
    { kind: 'note', source: key.name, data: Buffer.from(note) },
    { kind: 'cosignature', source: WITNESS, data: Buffer.from(await signatureLine(text, witness)) },
  ];
  const timestampRoots: string[] = [];
  if (hasOpenssl) {
    const lab = new TimeLab();
    timestampRoots.push(lab.root('root'));
    lab.intermediate('inter', 'root');
    lab.authority('tsa', 'inter', { certs: 'inter' });
    said.push({ kind: 'timestamp', source: 'tsa', data: lab.reply('tsa', timeRequest(Buffer.from(text)).der) });
    lab.close();
  }
  const trusted = policy.ok ? policy.value : undefined;
  return { said, checks: anchorChecks({ key, policy: trusted, timestampRoots, now: () => Date.now() }) };
}
