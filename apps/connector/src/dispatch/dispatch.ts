import type { Signer } from '#signing';
import type { RegistryView } from '#snapshot';
import type { Route } from '../evidence/route.js';
import type { DispatchWatch } from './dispatch-events.js';
import type { Envelope } from './envelope.js';

/** A request whose origin was checked. */
export interface Judged {
  readonly envelope: Envelope;
  readonly view: RegistryView;
  readonly route: Route;
  readonly signer: Signer;
  readonly deadlineMs: number;
  readonly startedMs: number;
}

/** With what every later step needs. */
export interface Dispatch extends Judged {
  readonly watch: DispatchWatch;
  /** For feedback: the openings of the request, sealed, once they were checked. */
  readonly opening?: Uint8Array | undefined;
}
