import { AssertionMemory, verifyEndUser } from '#end-user';
import type { Clock } from '#kernel';
import type { Officer, Snapshot } from '#snapshot';
import { spelled } from '#signing';
import type { DefinitionService } from '../definition/definition.service.js';
import type { RegistersStore } from '../definition/registers.store.js';
import { changeErrors } from './change.errors.js';
import type { Grants } from './permissions.js';

/** Somebody who has signed in, and what they may do. */
export interface SignedIn extends Grants {
  readonly issuer: string;
}

interface Known {
  readonly version: number;
  readonly issuers: Snapshot['issuers'];
  readonly officers: readonly Officer[];
}

/**
 * Who acts at the registry: a person by a token of a registered issuer, made for this registry alone. A token says who
 * somebody is; what they may do stands in the definition, for that person by the word of that issuer.
 */
export class OfficerAuth {
  private readonly memory = new AssertionMemory();
  private known: Known = { version: -1, issuers: [], officers: [] };

  constructor(
    private readonly ownInstanceId: string,
    private readonly definitions: DefinitionService,
    private readonly registers: Pick<RegistersStore, 'version'>,
    private readonly clock: Clock,
  ) {}

  /** From the header `Authorization`. Throws why not. */
  async signedIn(authorization: string | undefined): Promise<SignedIn> {
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw changeErrors.error('officer-token-missing');
    const { issuers, officers } = await this.current();
    const consumer = this.ownInstanceId;
    const question = { issuers, consumer, service: undefined, nowMs: this.clock.now(), memory: this.memory };
    const verified = await verifyEndUser(token, question);
    if (!verified.ok) throw invalid(verified.reason);
    // A token that is good elsewhere, too, could come from whoever it was shown to there.
    const read = await this.memory.read(token, issuers);
    if (!read.ok || read.value.claims.aud.length !== 1) throw invalid('end-user-audience');
    const { user, issuer } = verified.value;
    const person = spelled(user);
    const grants = officers.filter((officer) => officer.person === person && officer.issuer === issuer);
    if (grants.length === 0) throw changeErrors.error('officer-unknown');
    return { person, issuer, grants };
  }

  /** Read again when something took effect: a person who was an officer is none from that instant on. */
  private async current(): Promise<Known> {
    const version = await this.registers.version();
    if (this.known.version === version) return this.known;
    const { standing, version: read } = await this.definitions.present();
    this.known = { version: read, issuers: standing.snapshot.issuers, officers: standing.officers };
    return this.known;
  }
}

function invalid(problem: string) {
  return changeErrors.error('officer-token-invalid', { extensions: { problem } });
}
