import type { Signer } from '#signing';
import type { RegistryView } from '#snapshot';
import type { Route } from '../evidence/route.js';
import type { Envelope } from './envelope.js';

/** A request whose origin was checked, with what every later step needs. */
export interface Dispatch {
  readonly envelope: Envelope;
  readonly view: RegistryView;
  readonly route: Route;
  readonly signer: Signer;
  readonly deadlineMs: number;
  readonly startedMs: number;
}
