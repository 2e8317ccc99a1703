import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ReceiptsSchema } from './generated/kerege/audit/v1/audit_pb.js';

/**
 * A `Receipts` record of leaves that are encoded already: the same bytes as encoding it whole, but a leaf whose receipt
 * goes to two topics is encoded once.
 */
export function joinReceipts(
  head: { readonly note: Uint8Array; readonly size: bigint },
  leaves: readonly Uint8Array[],
) {
  const writer = new BinaryWriter().raw(toBinary(ReceiptsSchema, create(ReceiptsSchema, head)));
  for (const leaf of leaves) writer.tag(ReceiptsSchema.field.leaves.number, WireType.LengthDelimited).bytes(leaf);
  return writer.finish();
}
