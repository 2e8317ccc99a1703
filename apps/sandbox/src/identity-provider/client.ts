import { REGISTRY } from '../instance/layout.js';
import type { Person } from './person.js';

/** A system that asks here who its user is; its id is the identifier of its subsystem, which tokens name as `aud`. */
export interface SignInClient {
  readonly subsystem: string;
  readonly name: string;
  /** Whom it lets in. */
  readonly people: Person['kind'];
  /** A program on the person's own machine, which can keep no secret (RFC 8252). */
  readonly isPublic?: true;
}

export const CLIENTS: readonly SignInClient[] = [
  { subsystem: 'DEMO/GOV/1000/mygov', name: 'State Portal', people: 'citizen' },
  { subsystem: 'DEMO/GOV/1003/benefits', name: 'Social Fund, for its officials', people: 'official' },
  { subsystem: REGISTRY, name: 'Registry, for its officers', people: 'official', isPublic: true },
];

/** On any port of this machine (RFC 8252 §7.3), so that whatever a visitor runs can be signed in to. */
export const REDIRECT_URIS = ['http://127.0.0.1/callback', 'http://localhost/callback'] as const;

/** How sure this provider says to be. Without passwords that is a claim for trying things out, nothing more. */
export const LEVELS = ['high', 'low'] as const;

export function clientOf(subsystem: unknown): SignInClient | undefined {
  return CLIENTS.find((client) => client.subsystem === subsystem);
}
