import { closeList, type CaseRecipient, type RecipientsList } from '#corrections';
import { toBase64Url, type ExchangeId, type SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import { openRecord, sealRecord } from '#signing';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';
import type { CaseStore } from './case.store.js';
import type { Cases } from './cases.service.js';
import type { KeptCase } from './kept-case.js';

/** Who got the doubted values (`corrections.md` §6): each member once, with the last exchange in which it did. */
export interface Recipients {
  of(kept: KeptCase): Promise<readonly { readonly subsystem: SubsystemId; readonly lastExchangeId: ExchangeId }[]>;
}

export interface TellingParts {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly recipients: Recipients;
  readonly keys: Pick<PersonKeys, 'find'>;
}

const NONCE_BYTES = 24;

/**
 * Has everyone told who got a value that is corrected now, and closes the case when they have answered or had their time.
 * The list stands in the log as a root both times; its salts lie under the person's key, so that after an erasure the
 * proof stands and says nothing.
 */
export class Telling {
  constructor(private readonly parts: TellingParts) {}

  async tell(kept: KeptCase): Promise<boolean> {
    const recipients = await this.parts.recipients.of(kept);
    const list = closed(recipients);
    const event = { type: 'propagate', by: { role: 'feedback' }, recipients, doc: list.root } as const;
    return this.parts.cases.act(kept, event, await this.keeping(kept, list));
  }

  async close(kept: KeptCase): Promise<boolean> {
    const list = closed(kept.record.recipients);
    const event = { type: 'close', by: { role: 'feedback' }, doc: list.root } as const;
    return this.parts.cases.act(kept, event, await this.keeping(kept, list));
  }

  private async keeping({ id, person }: KeptCase, list: RecipientsList): Promise<(queries: Queries) => Promise<void>> {
    const key = (await this.parts.keys.find([person])).get(epochTagKey(person));
    // Erased meanwhile: the root stands, and nobody opens it.
    const kept = key === undefined ? undefined : keepList(key, id, list);
    return (queries) => this.parts.store.keepList(queries, id, kept);
  }
}

/** Under the person's data key: nonce ‖ ciphertext. */
export function keepList(key: Uint8Array, caseId: string, { root, places }: RecipientsList): Buffer {
  const spelled = places.map(({ salt, recipient }) => ({ salt: toBase64Url(salt), recipient }));
  const { nonce, ciphertext } = sealRecord(
    key,
    Buffer.from(JSON.stringify({ root, places: spelled })),
    associated(caseId),
  );
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the case or the bytes are not those of its keeping. */
export function openList(key: Uint8Array, caseId: string, kept: Uint8Array): RecipientsList | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(caseId));
  if (plain === undefined) return undefined;
  // Whoever could open it wrote it.
  const { root, places } = JSON.parse(Buffer.from(plain).toString('utf8')) as SpelledList;
  return { root, places: places.map(({ salt, recipient }) => ({ salt: Buffer.from(salt, 'base64url'), recipient })) };
}

interface SpelledList {
  readonly root: string;
  readonly places: readonly { readonly salt: string; readonly recipient: CaseRecipient | undefined }[];
}

function associated(caseId: string): Buffer {
  return Buffer.from(`kerege/kept-recipients/v1\0${caseId}`);
}

function closed(recipients: readonly CaseRecipient[]): RecipientsList {
  const list = closeList(recipients);
  // More members than the list can hold are more than a registry has.
  if (!list.ok) throw new RangeError(list.reason);
  return list.value;
}
