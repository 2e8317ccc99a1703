/** A leaf to be packed, with what proves it. */
export interface PackedLeaf {
  readonly index: number;
  readonly type: string;
  readonly exchange: string;
  /** The leaf's bytes as text. */
  readonly leaf: string;
  readonly proof: string;
  /** Index of the manifest that governs it; undefined for the log's first leaf. */
  readonly governedBy: number | undefined;
}

export interface PackedManifest {
  readonly index: number;
  readonly leaf: string;
  readonly proof: string;
  readonly digests: string;
}

export interface PackageParts {
  readonly origin: string;
  readonly size: number;
  /** With the cosignatures of witnesses, if there are any. */
  readonly checkpoint: string;
  /** RFC 3161, by the name of the authority. */
  readonly timestamps: readonly { readonly source: string; readonly token: Buffer }[];
  readonly leaves: readonly PackedLeaf[];
  readonly manifests: readonly PackedManifest[];
}
