import type { Clock } from '#kernel';
import { checkReaderToken, TokenMemory } from '#reader-auth';
import { readerAuthErrors } from './reader-auth.errors.js';
import type { ReaderKeys } from './reader-keys.service.js';
import { roleOf, type Reader, type ReaderRoles } from './reader.js';

export interface ReaderAuthSettings extends ReaderRoles {
  /** This log's URL, as `aud` names it. */
  readonly audience: string;
}

/** Lets nobody read by search whom the newest snapshot does not know. It holds no key and grants no role by itself. */
export class ReaderAuth {
  private readonly memory = new TokenMemory();

  constructor(
    private readonly keys: ReaderKeys,
    private readonly settings: ReaderAuthSettings,
    private readonly clock: Clock,
  ) {}

  close(): Promise<void> {
    return this.keys.close();
  }

  /** From the `Authorization` header. Throws why not, as a coded refusal. */
  async authenticate(authorization: string | undefined): Promise<Reader> {
    const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw readerAuthErrors.error('reader-token-missing');
    if (!(await this.keys.areKnown())) throw readerAuthErrors.error('readers-unknown');
    const nowMs = this.clock.now();
    const checked = await checkReaderToken(token, {
      audience: this.settings.audience,
      nowMs,
      keyOf: (subsystem, kid) => this.keys.keyOf(subsystem, kid, nowMs),
    });
    if (!checked.ok) {
      if (checked.reason === 'token-expired') throw readerAuthErrors.error('reader-token-expired');
      throw readerAuthErrors.error('reader-token-invalid', { extensions: { problem: checked.reason } });
    }
    const { reader } = checked.value;
    const use = this.memory.use(reader, checked.value, nowMs);
    if (use === 'again') throw readerAuthErrors.error('reader-token-used');
    if (use === 'full') throw readerAuthErrors.error('reader-floods');
    return { id: reader, role: roleOf(reader, this.settings) };
  }
}
