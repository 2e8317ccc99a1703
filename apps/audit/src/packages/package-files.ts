import { sha256, toHex } from '#kernel';
import { snapshotDigestOf } from '#snapshot';
import type { PackageParts, PackedManifest } from './package-parts.js';
import { readme } from './readme.js';

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
