import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SERVED_LOG, type ServedLog } from '../discovery/served-log.js';
import { LogReaderStore } from '../log-reader.store.js';
import { snapshotsErrors } from '../snapshots/snapshots.errors.js';
import { ExportStore } from './export.store.js';
import { DigestsParameters, LogSnapshotParameters } from './log-documents.dto.js';

const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
const IMMUTABLE = 'public, max-age=31536000, immutable';
const unzip = promisify(gunzip);

/**
 * What the validity rule needs beside the leaves (`statements.md` §2), under the log's own prefix and as the exported
 * folder has it: `snapshots/<hex>` and `digests/<number>`, uncompressed. So one verifier reads this service and a folder.
 */
@Controller('log/:shard/:window')
export class LogDocumentsController {
  constructor(
    private readonly reader: LogReaderStore,
    private readonly store: ExportStore,
    @Inject(SERVED_LOG) private readonly log: ServedLog,
  ) {}

  @Get('snapshots/:digest')
  async snapshot(@Param() parameters: LogSnapshotParameters, @Res() reply: FastifyReply): Promise<void> {
    const body = this.isServed(parameters)
      ? await this.reader.snapshot(Buffer.from(parameters.digest, 'hex'))
      : undefined;
    if (body === undefined) throw snapshotsErrors.error('snapshot-unknown');
    void reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .header('Cache-Control', IMMUTABLE)
      .send(await unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES }));
  }

  @Get('digests/:number')
  async digests(@Param() parameters: DigestsParameters, @Res() reply: FastifyReply): Promise<void> {
    const named = this.isServed(parameters) ? await this.store.namedSnapshot(Number(parameters.number)) : undefined;
    if (named === undefined) throw snapshotsErrors.error('manifest-unknown');
    void reply
      .header('Content-Type', 'text/plain; charset=utf-8')
      .header('Cache-Control', IMMUTABLE)
      .send(named.digests);
  }

  private isServed({ shard, window }: { readonly shard: string; readonly window: string }): boolean {
    return `${shard}/${window}` === this.log.path;
  }
}
