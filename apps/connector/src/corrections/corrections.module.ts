import type { DynamicModule } from '@nestjs/common';
import type { NoticesContext } from '../notices/notices.module.js';
import { CaseClients } from './case-clients.service.js';
import { OwnerCorrectionsController } from './owner-corrections.controller.js';
import { OwnerCorrections } from './owner-corrections.service.js';
import { Receipts } from './receipts.worker.js';

export interface CorrectionServices {
  readonly corrections: OwnerCorrections;
  readonly receipts: Receipts;
}

export function correctionsOf(context: Omit<NoticesContext, 'bus' | 'metrics' | 'disputes'>): CorrectionServices {
  const { config, copy, keys, clock, database, events, noticeAddresses } = context;
  const { feedbackUrl, feedbackTimeoutMs: timeoutMs, receiptIntervalMs: intervalMs } = config;
  const clients = new CaseClients({ feedbackUrl, timeoutMs, registry: copy, keys, clock });
  const receipts = new Receipts({
    ...{ clients, database, clock, intervalMs, subsystems: [...noticeAddresses.keys()] },
    failed: (cause) => events.failed('correction-receipts', cause),
  });
  return { corrections: new OwnerCorrections(clients), receipts };
}

/** The API beside that of notices: the same owners, by the same tokens. */
export function withCorrections(module: DynamicModule, { corrections }: CorrectionServices): DynamicModule {
  return {
    ...module,
    controllers: [...(module.controllers ?? []), OwnerCorrectionsController],
    providers: [...(module.providers ?? []), { provide: OwnerCorrections, useValue: corrections }],
  };
}
