import { sha256, toHex } from '#kernel';
import { snapshotDigestOf } from '#snapshot';
import { readme } from './readme.js';

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

export interface PackageFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A snapshot that has to be put beside the files; its name says what its bytes hash to. */
export interface WantedSnapshot {
  readonly name: string;
  readonly digest: string;
}

/**
 * The files of an evidence package, in the order in which a person meets them. Nothing in it is to be trusted: it
 * holds what can be checked against a trust file from elsewhere, and `contents.json` only says where what stands.
 */
export function packageFiles(parts: PackageParts): { files: PackageFile[]; snapshots: WantedSnapshot[] } {
  const { checkpoint, timestamps, leaves, manifests } = parts;
  const tokens = timestamps.map(({ source, token }) => ({
    name: `timestamps/${fileNameOf(source)}.tsr`,
    bytes: token,
  }));
  const snapshots = snapshotsOf(manifests);
  const files = [
    file('README.txt', readme(parts)),
    file('checkpoint', checkpoint),
    ...tokens,
    ...leaves.flatMap(({ index, leaf, proof }) => [
      file(`leaves/${index}.jws`, leaf),
      file(`leaves/${index}.tlog-proof`, proof),
    ]),
    ...manifests.flatMap(({ index, leaf, proof, digests }) => [
      file(`manifests/${index}.jws`, leaf),
      file(`manifests/${index}.tlog-proof`, proof),
      file(`manifests/${index}.digests`, digests),
    ]),
    file('contents.json', contentsOf(parts, tokens)),
  ];
  return { files: [...files, file('SHA256SUMS', sums(files, snapshots))], snapshots };
}

function contentsOf({ origin, size, leaves, manifests }: PackageParts, tokens: readonly PackageFile[]): string {
  const contents = {
    v: 1,
    log: origin,
    size,
    timestamps: tokens.map(({ name }) => name),
    leaves: leaves.map(({ index, type, exchange, governedBy }) => ({
      index,
      type,
      exchange,
      manifest: governedBy ?? null,
    })),
    manifests: manifests.map(({ index, digests }) => ({ index, snapshot: snapshotDigestOf(digests) ?? null })),
  };
  return `${JSON.stringify(contents, null, 2)}\n`;
}

function snapshotsOf(manifests: readonly PackedManifest[]): WantedSnapshot[] {
  const digests = manifests
    .map((manifest) => snapshotDigestOf(manifest.digests))
    .filter((digest) => digest !== undefined);
  return [...new Set(digests)].map((digest) => ({ name: `snapshots/${digest}.json`, digest }));
}

/** As `sha256sum -c` reads it: against damage on the way, not against forgery. */
function sums(files: readonly PackageFile[], snapshots: readonly WantedSnapshot[]): string {
  const lines = [
    ...files.map(({ name, bytes }) => `${toHex(sha256(bytes))}  ${name}`),
    ...snapshots.map(({ name, digest }) => `${digest}  ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

function file(name: string, text: string): PackageFile {
  return { name, bytes: Buffer.from(text) };
}

function fileNameOf(source: string): string {
  return source.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100);
}
