import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Logger } from '#platform';
import { ConsumerAuthenticator } from '../consumer-auth/consumer-authenticator.js';
import { ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { Exchanges } from '../exchange/exchange.js';
import { ExplanationController } from '../explanation/explanation.controller.js';
import { ListClientsController } from '../metaservices/list-clients.controller.js';
import { Metaservices } from '../metaservices/metaservices.service.js';
import { OpenApiDocuments } from '../metaservices/openapi-documents.service.js';
import { RefusalTally } from '../refusals/refusal-tally.js';
import { Rights } from '../rights/rights.js';
import { AnswerBudget } from './answer-budget.js';
import { BodyBudget } from './body-budget.js';
import { EdgeFaultFilter } from './edge-fault.filter.js';
import { EDGE_SETTINGS, EdgeReply, type EdgeSettings } from './edge-reply.service.js';
import { EdgeController } from './edge.controller.js';

export interface EdgeParts {
  readonly exchanges: Exchanges;
  readonly rights: Rights;
  readonly authenticator: ConsumerAuthenticator;
  readonly openApiDocuments: OpenApiDocuments;
  readonly logger: Logger;
  readonly settings: EdgeSettings;
  /** Shown by whoever gives it; made here otherwise. */
  readonly answers?: AnswerBudget;
  /** Where calls are counted that end before admission; absent: nowhere. */
  readonly refusals?: RefusalTally;
}

/** The consumer edge and its metaservices. Exports the guard, the limits and
 * the room for bodies to other controllers that serve consumers. */
@Module({})
export class EdgeModule {
  static with(parts: EdgeParts): DynamicModule {
    const { maxInFlightBytes, maxBodyBytes } = parts.settings;
    const given: Provider[] = [
      { provide: Exchanges, useValue: parts.exchanges },
      { provide: Rights, useValue: parts.rights },
      { provide: ConsumerAuthenticator, useValue: parts.authenticator },
      { provide: OpenApiDocuments, useValue: parts.openApiDocuments },
      { provide: Logger, useValue: parts.logger.child('edge') },
      { provide: EDGE_SETTINGS, useValue: parts.settings },
      { provide: BodyBudget, useValue: new BodyBudget(maxInFlightBytes, maxBodyBytes) },
      { provide: RefusalTally, useValue: parts.refusals ?? new RefusalTally() },
      { provide: AnswerBudget, useValue: parts.answers ?? new AnswerBudget(maxInFlightBytes) },
    ];
    return {
      module: EdgeModule,
      controllers: [EdgeController, ListClientsController, ExplanationController],
      providers: [...given, ConsumerGuard, EdgeReply, EdgeFaultFilter, Metaservices],
      exports: [ConsumerGuard, ConsumerAuthenticator, BodyBudget, RefusalTally, EDGE_SETTINGS],
    };
  }
}
