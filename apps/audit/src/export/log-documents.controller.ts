import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { LogReaderStore } from '../log-reader.store.js';
import { snapshotsErrors } from '../snapshots/snapshots.errors.js';
import { WindowReaders } from '../windows/window-readers.service.js';
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
    private readonly windows: WindowReaders,
  ) {}

  @Get('snapshots/:digest')
  async snapshot(@Param() parameters: LogSnapshotParameters, @Res() reply: FastifyReply): Promise<void> {
    const isServed = (await this.windows.at(placeOf(parameters))) !== undefined;
    const body = isServed ? await this.reader.snapshot(Buffer.from(parameters.digest, 'hex')) : undefined;
    if (body === undefined) throw snapshotsErrors.error('snapshot-unknown');
    void reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .header('Cache-Control', IMMUTABLE)
      .send(await unzip(body, { maxOutputLength: MAX_SNAPSHOT_BYTES }));
  }

  @Get('digests/:number')
  async digests(@Param() parameters: DigestsParameters, @Res() reply: FastifyReply): Promise<void> {
    const window = await this.windows.at(placeOf(parameters));
    const named = await window?.documents.namedSnapshot(Number(parameters.number));
    if (named === undefined) throw snapshotsErrors.error('manifest-unknown');
    void reply
      .header('Content-Type', 'text/plain; charset=utf-8')
      .header('Cache-Control', IMMUTABLE)
      .send(named.digests);
  }
}

function placeOf({ shard, window }: { readonly shard: string; readonly window: string }): string {
  return `${shard}/${window}`;
}
