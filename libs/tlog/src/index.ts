export { EMPTY_ROOT, leafHash, nodeHash } from './hashing.js';
export { verifyInclusion } from './verify-inclusion.js';
export { verifyConsistency, type TreeHead } from './verify-consistency.js';
export {
  openNote,
  openSignedNote,
  parseVkey,
  trimNote,
  type Checkpoint,
  type Ed25519Verify,
  type NoteKey,
  type NoteReason,
  type SignedNote,
  type VkeyReason,
} from './open-note.js';
export { parseTlogProof, type TlogProof, type TlogProofReason } from './parse-tlog-proof.js';
export { parseTilePath, partialWidth, tilePath, tileWidth, TILE_WIDTH, type TileAddress } from './tile-path.js';
export { decodeBundle, encodeBundle, MAX_ENTRY_BYTES } from './entry-bundle.js';
export { Frontier } from './frontier.js';
export { edgeWidths, GrowingTree, type EdgeReason, type Extension, type FullTile } from './growing-tree.js';
export {
  consistencyPath,
  inclusionPath,
  inclusionPaths,
  rootAt,
  type PathReason,
  type TileReader,
  type TileRequest,
} from './proof-path.js';
export {
  checkpointText,
  cosigner,
  ed25519Seed,
  makeCosignerVkey,
  makeVkey,
  noteSigner,
  signatureLine,
  signNote,
  withSignatureLines,
  type NoteSigner,
  type SignBytes,
} from './sign-note.js';
export { encodeTlogProof, type ProofParts } from './encode-tlog-proof.js';
export { openCosignature, parseCosignatures, type Cosignature, type CosignatureReason } from './open-cosignature.js';
export { encodeAddCheckpoint, type AddCheckpoint } from './encode-add-checkpoint.js';
export { parseAddCheckpoint, type AddCheckpointReason } from './parse-add-checkpoint.js';
export {
  isQuorum,
  openWitnessed,
  parsePolicy,
  type PolicyProblem,
  type Witnessed,
  type WitnessEntry,
  type WitnessPolicy,
} from './parse-policy.js';
