import { Controller, Get, Header, Param, Query, UseGuards } from '@nestjs/common';
import { ReadGate } from '../read-gate/read-gate.guard.js';
import { WindowReaders } from '../windows/window-readers.service.js';
import {
  ConsistencyQuery,
  InclusionQuery,
  LeafQuery,
  LeavesQuery,
  ReceiptParameters,
  ReceiptQuery,
} from './proofs.dto.js';
import { proofsErrors } from './proofs.errors.js';

/** Answers that static log files cannot give: by leaf hash, by exchange id, or without a tile client. */
@Controller()
export class ProofsController {
  constructor(private readonly windows: WindowReaders) {}

  @Get('proof/inclusion')
  async inclusion(
    @Query() query: InclusionQuery,
  ): Promise<{ log: string; index: number; size: number; path: string[] }> {
    const index = Number(query.index);
    const size = Number(query.size);
    const { log, proofs } = await this.windows.named(query.log);
    return { log: log.origin, index, size, path: await proofs.inclusion(index, size) };
  }

  @Get('proof/consistency')
  async consistency(
    @Query() query: ConsistencyQuery,
  ): Promise<{ log: string; from: number; to: number; proof: string[] }> {
    const from = Number(query.from);
    const to = Number(query.to);
    const { log, proofs } = await this.windows.named(query.log);
    return { log: log.origin, from, to, proof: await proofs.consistency(from, to) };
  }

  @Get('leaf')
  @UseGuards(ReadGate)
  async leaf(@Query() query: LeafQuery): Promise<{ log: string; index: number; body: string }> {
    const hash = Buffer.from(query.hash, 'hex');
    for (const { log, proofs } of await this.windows.newestFirst(query.log)) {
      const leaf = await proofs.findLeaf(hash);
      if (leaf !== undefined) return { log: log.origin, index: leaf.index, body: leaf.body.toString('latin1') };
    }
    throw proofsErrors.error('leaf-unknown');
  }

  /** Leaves of one window by their places, with proofs against one checkpoint. What it does not cover yet is left out. */
  @Get('proof/leaves')
  @UseGuards(ReadGate)
  @Header('Cache-Control', 'no-cache')
  async leaves(
    @Query() query: LeavesQuery,
  ): Promise<{ log: string; leaves: { index: number; leaf: string; proof: string }[] }> {
    const { log, proofs } = await this.windows.named(query.log);
    const { leaves } = await proofs.proveAll(query.indices.split(',').map(Number));
    return { log: log.origin, leaves: [...leaves].map(([index, proven]) => ({ index, ...proven })) };
  }

  /** From the newest window that has such a leaf; its checkpoint says which. */
  @Get('receipts/:exchangeId')
  @UseGuards(ReadGate)
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  async receipt(@Param() parameters: ReceiptParameters, @Query() query: ReceiptQuery): Promise<string> {
    const id = Buffer.from(parameters.exchangeId.replaceAll('-', ''), 'hex');
    for (const { proofs } of await this.windows.newestFirst(query.log)) {
      const receipt = await proofs.findReceipt(id, query);
      if (receipt !== undefined) return receipt;
    }
    throw proofsErrors.error('leaf-unknown');
  }
}
