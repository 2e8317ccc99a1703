import { expect, it } from '@jest/globals';
import { encode, LeafSchema, message, ReceiptsSchema, type Leaf } from '#contracts';
import { newExchangeId } from '#kernel';
import { parse } from 'uuid';
import {
  checkpointText,
  ed25519Seed,
  GrowingTree,
  leafHash,
  noteSigner,
  parseVkey,
  signNote,
  type NoteKey,
} from '#tlog';
import { ReceiptBook } from '../../apps/connector/src/evidence/receipt-book.js';
import { ReceiptConsumer } from '../../apps/connector/src/evidence/receipt.consumer.js';
import { checkLeaf, ReceiptChecker } from '../../apps/gateway/src/exchange/receipts.js';
import { readReceipts } from '../../apps/registry/src/snapshot/receipt.js';

const [old, young, stranger] = ['2026h2', '2027h1', '2027h2'].map((window, at) => {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, at + 1));
  return noteSigner(`audit.test.example/TEST/0/${window}`, publicKey, sign);
});
const keys = [old, young].flatMap((signer): NoteKey[] => {
  const key = parseVkey(signer?.vkey ?? '');
  return key.ok ? [key.value] : [];
});

/** Receipts for one leaf, in the log of that signer. */
async function receipts(signer = old): Promise<{ note: Buffer; leaf: Leaf; value: Uint8Array }> {
  const hash = leafHash(Buffer.from(`leaf of ${signer?.name}`));
  const tree = GrowingTree.empty().extend([hash, leafHash(Buffer.from('next'))]);
  const signed = await signNote(checkpointText(signer?.name ?? '', 2, tree.root), signer === undefined ? [] : [signer]);
  const note = Buffer.from(signed);
  const exchangeId = Buffer.from(parse(newExchangeId()));
  const path = [...tree.path(0)];
  const leaf = message(LeafSchema, { exchangeId, slot: 'c0', signer: 'TEST/x', leafHash: hash, index: 0n, path });
  return { note, leaf, value: encode(ReceiptsSchema, message(ReceiptsSchema, { note, size: 2n, leaves: [leaf] })) };
}

it.each([
  ['the old window', old, true],
  ['the new window', young, true],
  ['a window that is not trusted', stranger, false],
])('who holds both keys takes receipts of %s: gateway, connector and registry', async (_what, signer, isTaken) => {
  const { note, leaf, value } = await receipts(signer);
  const checkpoint = new ReceiptChecker(keys).open(note);
  expect(typeof checkpoint === 'object' && checkLeaf(checkpoint, leaf) !== undefined).toBe(isTaken);

  const alarms: string[] = [];
  const consumer = new ReceiptConsumer(new ReceiptBook(), keys, (reason) => alarms.push(reason));
  const record = { topic: 'receipt.x', partition: 0, offset: 0n, timestampMs: 0, key: null, headers: {} };
  consumer.take({ ...record, value: Buffer.from(value) });
  expect(alarms).toEqual(isTaken ? [] : ['receipts-note']);

  expect(readReceipts(value, keys)?.map(({ kind }) => kind)).toEqual([isTaken ? 'logged' : 'unproven']);
});
