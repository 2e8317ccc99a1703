import { BaseRpcContext } from '@nestjs/microservices';
import type { ReceivedRecord } from '../bus.js';

/** The second argument of a handler (`@Ctx()`): the records that it was called for, as they came. */
export class BusContext extends BaseRpcContext<[readonly ReceivedRecord[], string]> {
  get records(): readonly ReceivedRecord[] {
    return this.args[0];
  }

  get pattern(): string {
    return this.args[1];
  }
}
