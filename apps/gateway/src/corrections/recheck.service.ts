import { isJsonType, parseTarget } from '#access';
import type { Clock, ExchangeId, SubsystemId } from '#kernel';
import { parseTypedSubject } from '#signing';
import { encodeIdentifier } from '../consumer-auth/client-identifier.js';
import { exchangeRequestOf } from '../edge/exchange-request.js';
import type { AnsweredExchange, Exchanges } from '../exchange/exchange.js';
import { recheckTarget } from './filing-form.js';
import type { KeptFiling } from './kept-filing.js';

/** Of an exchange that looks at a corrected datum again; it stands in the person's history like any other. */
const PURPOSE = 'correction-check';

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

  /** Undefined where the service did not answer with data: that says nothing of what stands in its register. */
  async ask(consumer: SubsystemId, filing: KeptFiling): Promise<SeenAgain | undefined> {
    const target = parseTarget(recheckTarget(filing.service, filing));
    // The service's own rule must find this person in the path: nobody else's data are looked at.
    const subject = parseTypedSubject(filing.subject);
    if (!target.ok || subject === undefined) return undefined;
    const headers = [
      { name: 'X-Road-Client', value: encodeIdentifier(consumer) },
      { name: 'Accept', value: 'application/json' },
    ];
    const context = { purpose: PURPOSE, subject };
    const call = { consumer, method: 'GET', target: target.value, headers, context, body: Buffer.alloc(0) };
    const outcome = await this.exchanges.perform(exchangeRequestOf({ ...call, receivedAtMs: this.clock.now() }));
    const json = outcome.kind === 'answered' ? jsonOf(outcome) : undefined;
    return outcome.kind === 'answered' && json !== undefined ? { exchangeId: outcome.exchangeId, json } : undefined;
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
