import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { LogReaderStore, type StoredManifest } from '../log-reader.store.js';
import { WindowReaders } from '../windows/window-readers.service.js';
import { GoverningQuery, SnapshotParameters } from './snapshots.dto.js';
import { snapshotsErrors } from './snapshots.errors.js';

/** `bus.md` §6 caps the topic's records; no snapshot that came from there is larger than this once unpacked. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
const unzip = promisify(gunzip);

/** Every registry snapshot that a manifest in this log names, so that old signatures can be judged for ever. */
@Controller('v1')
export class SnapshotsController {
  constructor(
    private readonly store: LogReaderStore,
    private readonly windows: WindowReaders,
  ) {}

  /** By SHA-256 of the uncompressed bytes; sent compressed to whoever takes gzip. */
  @Get('snapshots/:digest')
  async snapshot(
    @Param() { digest }: SnapshotParameters,
    @Headers('accept-encoding') accepted: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const body = await this.store.snapshot(Buffer.from(digest, 'hex'));
    if (body === undefined) throw snapshotsErrors.error('snapshot-unknown');
    void reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .header('Cache-Control', 'public, max-age=31536000, immutable')
      .header('Vary', 'Accept-Encoding');
    if (takesGzip(accepted)) void reply.header('Content-Encoding', 'gzip').send(body);
    else void reply.send(await unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES }));
  }

  /**
   * The manifest by which the statement at `index` is judged: the last one strictly before it (`statements.md` §2). Of
   * a manifest this is the manifest before, which its `prev` names. `index` may be the log's size: what governs next.
   */
  @Get('manifests/governing')
  async governing(
    @Query() query: GoverningQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StoredManifest & { readonly log: string }> {
    const index = Number(query.index);
    const { log, tiles } = await this.windows.named(query.log);
    const manifest = (await tiles.holds(index)) ? await this.store.manifestBefore(log.logId, index) : undefined;
    if (manifest === undefined) throw snapshotsErrors.error('manifest-unknown');
    // Below the head nothing changes any more.
    // Without the log's name the same question means another log after a rotation.
    if (query.log !== undefined) void reply.header('Cache-Control', 'public, max-age=31536000, immutable');
    return { ...manifest, log: log.origin };
  }
}

function takesGzip(accepted: string | undefined): boolean {
  return (accepted ?? '').split(',').some((coding) => /^\s*(gzip|\*)\s*(;(?!\s*q=0(\.0*)?\s*$).*)?$/iu.test(coding));
}
