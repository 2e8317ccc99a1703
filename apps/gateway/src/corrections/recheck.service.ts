import { isJsonType, parseTarget } from '#access';
import { ok, refuse, type Clock, type ExchangeId, type Result, type SubsystemId } from '#kernel';
import { parseTypedSubject } from '#signing';
import { encodeIdentifier } from '../consumer-auth/client-identifier.js';
import { exchangeRequestOf } from '../edge/exchange-request.js';
import type { AnsweredExchange, Exchanges } from '../exchange/exchange.js';
import { recheckTarget } from './filing-form.js';
import type { KeptFiling } from './kept-filing.js';

/** Of an exchange that looks at a corrected datum again; it stands in the person's history like any other. */
const PURPOSE = 'correction-check';
const NO_DATA: NotSeen = { why: 'no-data', isRefused: false };

/** Why there is nothing to compare; says nothing of what stands in the register. */
export interface NotSeen {
  /** A code of the exchange's outcome, or `no-data`. */
  readonly why: string;
  /** By whoever may say no: as long as the registry says what it says, asking again is in vain. */
  readonly isRefused: boolean;
}

export interface SeenAgain {
  readonly exchangeId: ExchangeId;
  readonly json: unknown;
}

/** Asks a service again for the answer in which something was wrong, as the ordinary exchange of the consumer that it is. */
export class Rechecks {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly clock: Clock,
  ) {}

  async ask(consumer: SubsystemId, filing: KeptFiling): Promise<Result<SeenAgain, NotSeen>> {
    const target = parseTarget(recheckTarget(filing.service, filing));
    // The service's own rule must find this person in the path: nobody else's data are looked at.
    const subject = parseTypedSubject(filing.subject);
    if (!target.ok || subject === undefined) return refuse({ why: 'target-malformed', isRefused: true });
    const headers = [
      { name: 'X-Road-Client', value: encodeIdentifier(consumer) },
      { name: 'Accept', value: 'application/json' },
    ];
    const context = { purpose: PURPOSE, subject };
    const call = { consumer, method: 'GET', target: target.value, headers, context, body: Buffer.alloc(0) };
    const outcome = await this.exchanges.perform(exchangeRequestOf({ ...call, receivedAtMs: this.clock.now() }));
    if (outcome.kind !== 'answered') return refuse({ why: outcome.code, isRefused: outcome.kind === 'refused' });
    const json = jsonOf(outcome);
    return json === undefined ? refuse(NO_DATA) : ok({ exchangeId: outcome.exchangeId, json });
  }
}

function jsonOf({ status, headers, body }: AnsweredExchange): unknown {
  const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
  if (status < 200 || status > 299 || !isJsonType(type)) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Not what its type says: no data, asked for again later.
    return undefined;
  }
}
