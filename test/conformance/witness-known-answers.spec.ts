import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  encodeAddCheckpoint,
  openCosignature,
  openNote,
  openWitnessed,
  parseAddCheckpoint,
  parsePolicy,
  signatureLine,
  withSignatureLines,
} from '#tlog';
import { logSigner, noteKey, pathsOf, witnessSigner } from './tlog-known-answers.js';

/** What is said to a witness and by one, to the byte: the figures of `audit-log.md` §2.9. */
const ORIGIN = 'audit.example.gov/exchange/2026h2';
const LOG_VKEY = `${ORIGIN}+afbaca12+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4`;
const WITNESS = 'witness.example.org/w1';
const WITNESS_VKEY = `${WITNESS}+f3c080b6+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X`;
const WITNESS_SEED = '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f';
const TIME = 1_790_000_000;
const CHECKPOINT = `${ORIGIN}
8
ymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=

\u2014 ${ORIGIN} r7rKEnwFkQRjOtKgVhOPVu+TyVRM/AhC024dLCrIScDHJH/SgHVaKCmiMefahXuQ/2Bj3uiJAPK8/H/BTGOdM0NVew4=
`;
const LINE = `\u2014 ${WITNESS} 88CAtgAAAABqsTuA1/aQJvjdBJlehMkzIkGwMskosUL2t9T//Qa/5tcTPHGqnwamfPTv64cebuofAkACqOprtEUF29I0DO0dDJiPCw==`;
const REQUEST = `old 5
6p/BobbhkbRg0NYwbj6HDBc/OTMPE82htwz8cr3DmLo=
jxWTy5L0Kdk0C5u8HwuxIq34AmxCpKQhQuIWiTFycjY=
OY6960bhee7/rO9GNf0wQQlU4Wm4jiJ0H6ls/7ECKoU=
vdHF/1WxnLaw58dhv5psyqJ/u/wHt08fq7bpEaC9KrM=

${CHECKPOINT}`;

describe('known answers of witnesses', () => {
  it('knows the witness by its vkey, whose type is 4', () => {
    expect(witnessSigner(WITNESS, WITNESS_SEED, TIME).vkey).toBe(WITNESS_VKEY);
    expect(noteKey(WITNESS_VKEY).keyId.toString('hex')).toBe('f3c080b6');
  });

  it('cosigns the checkpoint of size 8, and opens the line by itself', async () => {
    const text = CHECKPOINT.slice(0, CHECKPOINT.indexOf('\n\n') + 1);
    expect(await signatureLine(text, witnessSigner(WITNESS, WITNESS_SEED, TIME))).toBe(LINE);
    const opened = openCosignature(text, LINE, [noteKey(WITNESS_VKEY)]);
    expect(opened).toMatchObject({ ok: true, value: { seconds: TIME } });
    const whole = openNote(withSignatureLines(CHECKPOINT, [LINE]), [noteKey(LOG_VKEY), noteKey(WITNESS_VKEY)]);
    expect(whole.ok && whole.value.signers).toHaveLength(2);
  });

  it('asks for a cosignature from size 5, to the byte, and reads the same', async () => {
    const proof = await pathsOf(64).consistency(5, 8);
    expect(encodeAddCheckpoint({ oldSize: 5, proof, checkpoint: CHECKPOINT })).toBe(REQUEST);
    expect(parseAddCheckpoint(REQUEST)).toEqual({ ok: true, value: { oldSize: 5, proof, checkpoint: CHECKPOINT } });
  });

  it('asks from nothing without a proof', () => {
    const body = encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: CHECKPOINT });
    expect(body).toBe(`old 0\n\n${CHECKPOINT}`);
    expect(parseAddCheckpoint(body)).toMatchObject({ ok: true, value: { oldSize: 0, proof: [] } });
  });

  it.each([
    ['nothing', ''],
    ['no empty line', 'old 5\n'],
    ['no size', REQUEST.replace('old 5', 'old')],
    ['a size with zeros', REQUEST.replace('old 5', 'old 05')],
    ['a size beyond counting', REQUEST.replace('old 5', 'old 9007199254740992')],
    ['a short hash', REQUEST.replace('6p/Bobbh', '')],
    ['a hash that is none', REQUEST.replace('6p/B', '6p_B')],
    ['64 hashes', REQUEST.replace('old 5\n', `old 5\n${'6p/BobbhkbRg0NYwbj6HDBc/OTMPE82htwz8cr3DmLo=\n'.repeat(60)}`)],
  ])('refuses a request with %s', (_what, body) => {
    expect(parseAddCheckpoint(body)).toEqual({ ok: false, reason: 'malformed-request' });
  });

  it('counts the quorum of a policy that names both', () => {
    const policy = parsePolicy(`log ${LOG_VKEY}\nwitness w1 ${WITNESS_VKEY}\nquorum w1\n`);
    if (!policy.ok) throw new TypeError(policy.reason.problem);
    expect(openWitnessed(CHECKPOINT, policy.value)).toMatchObject({ ok: true, value: { isWitnessed: false } });
    const cosigned = withSignatureLines(CHECKPOINT, [LINE]);
    expect(openWitnessed(cosigned, policy.value)).toMatchObject({ ok: true, value: { isWitnessed: true } });
  });
});

const file = new URL('../../../shared/vectors/tlog.json', import.meta.url);
const present = existsSync(file);
const schema = z.object({
  logKey: z.object({ name: z.string(), seedHex: z.string(), vkey: z.string() }),
  witnessKey: z.object({ name: z.string(), seedHex: z.string(), vkey: z.string() }),
  checkpointSize8: z.object({ note: z.string(), cosigned: z.string(), cosignTime: z.number() }),
});

(present ? describe : describe.skip)('shared vectors of witnesses (skipped where ../shared/vectors is absent)', () => {
  it('are these', async () => {
    const { logKey, witnessKey, checkpointSize8 } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect([logKey.vkey, witnessKey.vkey]).toEqual([LOG_VKEY, WITNESS_VKEY]);
    expect(logSigner(logKey.name, logKey.seedHex).vkey).toBe(LOG_VKEY);
    expect(checkpointSize8.note).toBe(CHECKPOINT);
    const witness = witnessSigner(witnessKey.name, witnessKey.seedHex, checkpointSize8.cosignTime);
    const text = CHECKPOINT.slice(0, CHECKPOINT.indexOf('\n\n') + 1);
    expect(withSignatureLines(CHECKPOINT, [await signatureLine(text, witness)])).toBe(checkpointSize8.cosigned);
  });
});
