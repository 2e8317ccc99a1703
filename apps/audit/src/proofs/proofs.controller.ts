import { Controller, Get, Header, Param, Query, UseGuards } from '@nestjs/common';
import { ReadGate } from '../read-gate/read-gate.guard.js';
import {
  ConsistencyQuery,
  InclusionQuery,
  LeafQuery,
  LeavesQuery,
  ReceiptParameters,
  ReceiptQuery,
} from './proofs.dto.js';
import { ProofsService } from './proofs.service.js';

/** Answers that static log files cannot give: by leaf hash, by exchange id, or without a tile client. */
@Controller()
export class ProofsController {
  constructor(private readonly proofs: ProofsService) {}

  @Get('proof/inclusion')
  async inclusion(@Query() query: InclusionQuery): Promise<{ index: number; size: number; path: string[] }> {
    const index = Number(query.index);
    const size = Number(query.size);
    return { index, size, path: await this.proofs.inclusion(index, size) };
  }

  @Get('proof/consistency')
  async consistency(@Query() query: ConsistencyQuery): Promise<{ from: number; to: number; proof: string[] }> {
    const from = Number(query.from);
    const to = Number(query.to);
    return { from, to, proof: await this.proofs.consistency(from, to) };
  }

  @Get('leaf')
  @UseGuards(ReadGate)
  async leaf(@Query() query: LeafQuery): Promise<{ index: number; body: string }> {
    const { index, body } = await this.proofs.leaf(Buffer.from(query.hash, 'hex'));
    return { index, body: body.toString('latin1') };
  }

  /** Leaves by their places, with proofs against one checkpoint. What it does not cover yet is left out. */
  @Get('proof/leaves')
  @UseGuards(ReadGate)
  @Header('Cache-Control', 'no-cache')
  async leaves(@Query() query: LeavesQuery): Promise<{ leaves: { index: number; leaf: string; proof: string }[] }> {
    const { leaves } = await this.proofs.proveAll(query.indices.split(',').map(Number));
    return { leaves: [...leaves].map(([index, proven]) => ({ index, ...proven })) };
  }

  @Get('receipts/:exchangeId')
  @UseGuards(ReadGate)
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  receipt(@Param() parameters: ReceiptParameters, @Query() query: ReceiptQuery): Promise<string> {
    return this.proofs.receipt(Buffer.from(parameters.exchangeId.replaceAll('-', ''), 'hex'), query);
  }
}
