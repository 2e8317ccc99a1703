/** Why a log is not verified: a closed list, each with what it means. */
const MEANINGS = {
  'trust-invalid': 'trust.json is no trust file, or holds a key that cannot be used',
  'checkpoint-missing': 'there is no checkpoint',
  'checkpoint-malformed': 'the checkpoint is no signed note of a log',
  'checkpoint-unknown-log': 'the checkpoint has no line by a log key of trust.json for its origin',
  'checkpoint-signature': 'the checkpoint is not signed by the log’s key',
  'file-missing': 'a file that the checkpoint covers is not there',
  'tile-length': 'a tile has not exactly the length that its size asks for',
  'bundle-length': 'a bundle has not exactly its entries: bytes are missing, or surplus',
  'leaf-hash': 'a leaf is not the one whose hash stands in the tile',
  'tile-content': 'a tile does not hold the roots of the tiles below it',
  root: 'the files do not give the root that the log signed',
  'log-behind': 'the log is smaller than a checkpoint that was seen before: leaves are gone',
  'log-forked': 'the log does not continue a checkpoint that was seen before: two trees under one name',
  'against-invalid': 'the checkpoint to compare with is none of this log',
  'file-foreign': 'a file lies in the log’s folder that is none of the log',
  'file-content': 'a partial file is no beginning of the whole one, or a snapshot is not what its name says',
  'first-leaf': 'the log begins neither with the first manifest of the registry nor with log.opened and a manifest',
  border: 'a leaf that opens or closes the log stands where it may not, or says another size',
  'log-closed': 'a leaf stands behind the one that closed the log',
  predecessor: 'the log before is not the one that this log says it follows',
  'statement-malformed': 'a leaf is no statement of its type',
  'statement-type': 'a leaf is of a type that this verifier does not know',
  'statement-signer': 'no key in force at that index, of a party that may sign it, made a statement',
  'statement-signature': 'a statement’s signature is not by the key that it names',
  'slot-taken': 'a signer has two leaves in one slot: two stories about one exchange',
  'case-chain': 'a step of a case does not name the one before it, or is between other parties than feedback set',
  'conflict-false': 'a conflict is not made from the statement that it accuses',
  'manifest-signature': 'a manifest is not signed by a registry key of trust.json',
  'manifest-chain': 'a manifest does not name the manifest before it',
  'manifest-number': 'a manifest’s number goes back, or has two contents',
  'change-unannounced': 'a snapshot came into force that no change of the registry announced, though others were',
  'digests-missing': 'the digest list of a manifest is not there',
  'digests-content': 'a digest list is not the one that its manifest signs, or not that of its snapshot',
  'snapshot-missing': 'a snapshot that a manifest names is not there',
  'snapshot-content': 'a snapshot is not the one that its manifest names',
} as const;

export type FindingCode = keyof typeof MEANINGS;

export interface Finding {
  readonly code: FindingCode;
  /** A file or a leaf, e.g. `tile/0/000` or `leaf 17`; names nobody. */
  readonly where: string;
}

const KEPT = 100;

/** Findings about statements do not end a verification: who reads them wants to know how many. All are counted. */
export class Findings {
  private readonly kept: Finding[] = [];
  private found = 0;

  add(code: FindingCode, where: string): void {
    this.found += 1;
    if (this.kept.length < KEPT) this.kept.push({ code, where });
  }

  get count(): number {
    return this.found;
  }

  get first(): readonly Finding[] {
    return this.kept;
  }
}

/** For people: code, place and meaning. */
export function explainFinding({ code, where }: Finding): string {
  return `${code} at ${where}: ${MEANINGS[code]}`;
}
