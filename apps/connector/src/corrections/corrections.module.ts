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

type Context = Omit<NoticesContext, 'bus' | 'metrics'>;

export function caseClients({ config, copy, keys, clock }: Pick<Context, 'config' | 'copy' | 'keys' | 'clock'>) {
  const { feedbackUrl, feedbackTimeoutMs: timeoutMs } = config;
  return new CaseClients({ feedbackUrl, timeoutMs, registry: copy, keys, clock });
}

export function correctionsOf(context: Omit<Context, 'keys' | 'copy'>, clients: CaseClients): CorrectionServices {
  const { config, clock, database, events, noticeAddresses } = context;
  const { receiptIntervalMs: intervalMs } = config;
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
