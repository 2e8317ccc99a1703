import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ZipFile } from 'yazl';
import type { Clock } from '#kernel';
import type { AccessLog, AccessRecord } from '../access-log/access-log.service.js';
import type { ServedLog } from '../discovery/served-log.js';
import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import type { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { LogReaderStore, StoredAnchor, StoredHead, StoredManifest } from '../log-reader.store.js';
import type { ProofsService } from '../proofs/proofs.service.js';
import type { Reader } from '../reader-auth/reader.js';
import { uuidText } from '../search/found-leaf.js';
import { spellQuery, type LeafFilter } from '../search/leaf-query.js';
import { requireFullScope } from '../search/search.service.js';
import { searchErrors } from '../search/search.errors.js';
import type { SearchStore } from '../search/search.store.js';
import { packageFiles } from './package-files.js';
import type { PackageParts } from './package-parts.js';
import { packagesErrors } from './packages.errors.js';

export interface PackagesParts {
  readonly store: SearchStore;
  readonly log: LogReaderStore;
  readonly served: ServedLog;
  readonly index: Pick<LeafIndexStore, 'indexedTo'>;
  readonly proofs: ProofsService;
  readonly access: Pick<AccessLog, 'record'>;
  readonly clock: Clock;
}

export interface EvidencePackage {
  readonly access: AccessRecord;
  /** A ZIP file, made as it is read. */
  readonly stream: NodeJS.ReadableStream;
}

export const MAX_PACKED_LEAVES = 1_000;
const MAX_AT_ONCE = 2;
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
const unzip = promisify(gunzip);

/** Packs what a court needs (`audit-log.md` §5): public formats only, to be checked without us. */
export class PackagesService {
  /** Packages that are being put together; written by `build`. */
  private underWay = 0;

  constructor(private readonly parts: PackagesParts) {}

  async build(reader: Reader, filter: LeafFilter): Promise<EvidencePackage> {
    const scope = requireFullScope(reader, filter);
    if (this.underWay >= MAX_AT_ONCE) throw searchErrors.error('reading-busy');
    this.underWay += 1;
    try {
      const query = spellQuery(filter);
      const access = await this.parts.access.record({ reader: reader.id, act: 'packaged', query });
      const below = await this.parts.index.indexedTo();
      const limit = MAX_PACKED_LEAVES + 1;
      const entries = await this.parts.store.page({ filter, scope, below, after: undefined, limit });
      if (entries.length === 0) throw packagesErrors.error('package-empty');
      if (entries.length === limit) throw packagesErrors.error('package-too-large');
      return { access, stream: this.zip(await this.prove(entries.sort((a, b) => a.index - b.index))) };
    } finally {
      this.underWay -= 1;
    }
  }

  private async prove(entries: readonly LeafEntry[]): Promise<PackageParts> {
    const { log, served, proofs } = this.parts;
    const indices = entries.map((entry) => entry.index);
    const governing = await log.manifestsBefore(served.logId, indices);
    const manifests = distinct([...governing.values()]);
    const anchors = await log.anchorsCovering(served.logId, Math.max(...indices) + 1);
    const wanted = [...indices, ...manifests.map((manifest) => manifest.index)];
    const proven = await proofs.proveAll(wanted, anchoredHead(anchors));
    const provenOf = (index: number) => proven.leaves.get(index) ?? { leaf: '', proof: '' };
    return {
      origin: served.origin,
      size: proven.size,
      checkpoint: proven.checkpoint + linesOf(anchors),
      timestamps: anchors.flatMap(({ kind, source, data }) => (kind === 'timestamp' ? [{ source, token: data }] : [])),
      leaves: entries.map(({ index, type, xid }) => {
        const governedBy = governing.get(index)?.index;
        return { index, type, exchange: uuidText(xid), governedBy, ...provenOf(index) };
      }),
      manifests: manifests.map(({ index, digests }) => ({ index, digests, ...provenOf(index) })),
    };
  }

  private zip(parts: PackageParts): NodeJS.ReadableStream {
    const { files, snapshots } = packageFiles(parts);
    const zip = new ZipFile();
    const options = { mtime: new Date(this.parts.clock.now()), mode: 0o100644 };
    for (const { name, bytes } of files) zip.addBuffer(bytes, name, options);
    // One after another as the file is read: a snapshot is as large as a country's registry.
    for (const { name, digest } of snapshots)
      zip.addReadStreamLazy(name, options, (give) => {
        this.snapshot(digest).then(
          (bytes) => give(null, Readable.from([bytes])),
          (cause: unknown) => give(cause, Readable.from([])),
        );
      });
    const output = zip.outputStream;
    zip.on('error', (cause) => output.emit('error', cause));
    zip.end();
    return output;
  }

  private async snapshot(digest: string): Promise<Buffer> {
    const body = await this.parts.log.snapshot(Buffer.from(digest, 'hex'));
    if (body === undefined) throw packagesErrors.error('package-empty', { details: { digest } });
    return unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  }
}

function distinct(manifests: readonly StoredManifest[]): StoredManifest[] {
  const byIndex = new Map(manifests.map((manifest) => [manifest.index, manifest]));
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

/** The checkpoint that anchors speak of; undefined if there are none. */
function anchoredHead(anchors: readonly StoredAnchor[]): StoredHead | undefined {
  const note = anchors.find(({ kind }) => kind === 'note');
  return note === undefined ? undefined : { size: note.size, note: note.data.toString('utf8') };
}

/** Witnesses' lines below the log's own. */
function linesOf(anchors: readonly StoredAnchor[]): string {
  return anchors
    .filter(({ kind }) => kind === 'cosignature')
    .map(({ data }) => data.toString('utf8').replace(/\n?$/, '\n'))
    .join('');
}
