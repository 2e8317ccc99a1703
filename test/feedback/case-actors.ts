import { randomBytes } from 'node:crypto';
import { correctionTopic } from '#contracts';
import { outlineOf, type OwnerAct } from '#corrections';
import { CASE_KINDS, openDelivery, readDelivery } from '#deliveries';
import { toBase64Url, type SubsystemId } from '#kernel';
import { signStatement, type Statement, type StatementPayload } from '#signing';
import { topicSpecsOf } from '#snapshot';
import { eventually, uniqueName } from '#testing';
import { CaseWalk } from './case-walk.js';
import { BIRTH_ITEM, Filing, OWNER, type FiledCase, type Said } from './filing.js';

export const salt = () => toBase64Url(randomBytes(32));

export const receivedBy = ({ content }: FiledCase): OwnerAct => ({
  act: 'receive',
  receiptOver: outlineOf(content).digest,
});
export const accepted = (): OwnerAct => ({
  ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], approvedBy: 'officer-1', salt: salt() },
});

/** Persons, an owner who acts, and what is brought to whom. */
export class CaseActors {
  private persons = 0;

  private constructor(readonly filing: Filing) {}

  static async create(): Promise<CaseActors> {
    const filing = await Filing.create();
    await filing.start();
    return new CaseActors(filing);
  }

  close(): Promise<void> {
    return this.filing.close();
  }

  /** Nobody of them exists. Each files once, so that no case is another's duplicate. */
  somebody(): string {
    this.persons += 1;
    return `TEST${String(this.persons).padStart(6, '0')}`;
  }

  async routed(items: Parameters<Filing['routed']>[0]['items'] = [BIRTH_ITEM]) {
    const code = this.somebody();
    const exchangeId = await this.filing.seen(code);
    const filed = await this.filing.routed({ code, exchangeId, items });
    return { code, exchangeId, filed, walk: new CaseWalk(this.filing, filed, code) };
  }

  act(id: string, said: OwnerAct, as = OWNER, content?: { id: string; sealed: string }): Promise<Said> {
    return this.filing.memberStep(as, `/v1/owner/corrections/${id}/steps`, said, content);
  }

  signed(payload: unknown, by: string): Promise<Statement> {
    return signStatement(payload as StatementPayload, this.filing.network.audit.signerOf(by));
  }

  /** The first delivery of that kind to a subsystem that is it, opened by the subsystem. */
  async delivered(to: SubsystemId, kind: string, isIt: (content: unknown) => boolean): Promise<unknown> {
    const found: unknown[] = [];
    const each = async (value: Uint8Array) => {
      const read = readDelivery(value);
      if (!read.ok || read.value.head.kind !== kind) return;
      const opened = await openDelivery(read.value.head, read.value.sealed, this.keyOf(to));
      if (opened.ok && isIt(opened.value)) found.push(opened.value);
    };
    await this.read(to, each, () => found.length > 0);
    return found[0];
  }

  /** All that was ever brought to a subsystem, as the broker holds it: at least so many records. */
  async everything(to: SubsystemId, least: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    const each = (value: Uint8Array) => Promise.resolve(void parts.push(Buffer.from(value)));
    await this.read(to, each, () => parts.length >= least);
    return Buffer.concat(parts);
  }

  /**
   * Every record of every topic that there is, with its key and headers, as the broker holds them: once the log has this
   * leaf, and nothing has come for a while. How many of each topic, too.
   */
  async everyTopic(
    isLast: (stamp: Buffer) => boolean,
  ): Promise<{ bytes: Buffer; counts: ReadonlyMap<string, number> }> {
    const { audit, bus } = this.filing.network;
    const parts: Buffer[] = [];
    const counts = new Map<string, number>();
    let [isThere, lastMs] = [false, Date.now()];
    const subscription = await bus.subscribe({
      ...{ topics: topicSpecsOf(audit.world.snapshot).map(({ name }) => name), group: uniqueName('spec') },
      ...{ startAt: { kind: 'earliest' }, maxInFlight: 100, onError: () => undefined },
      each: ({ topic, key, headers, value }) => {
        const stamp = Buffer.from(value);
        parts.push(key ?? Buffer.alloc(0), Buffer.from(JSON.stringify(headers)), stamp);
        counts.set(topic, (counts.get(topic) ?? 0) + 1);
        isThere ||= isLast(stamp);
        lastMs = Date.now();
        return Promise.resolve();
      },
    });
    await eventually(() => isThere && Date.now() - lastMs > 2_000, { timeoutMs: 60_000, intervalMs: 200 });
    await subscription.stop();
    return { bytes: Buffer.concat(parts), counts };
  }

  /** What a subsystem opens of what feedback hands on to it. */
  async openedBy(to: SubsystemId, id: string, sealed: string): Promise<string> {
    const head = { id, kind: CASE_KINDS.request, to };
    const opened = await openDelivery(head, Buffer.from(sealed, 'base64url'), this.keyOf(to));
    return opened.ok ? JSON.stringify(opened.value) : '';
  }

  private keyOf(to: SubsystemId) {
    const { seal } = this.filing.network.audit.world.keysOf(to);
    return (_to: SubsystemId, kid: string) => (kid === seal.kid ? seal : undefined);
  }

  private async read(to: SubsystemId, each: (value: Uint8Array) => Promise<void>, isEnough: () => boolean) {
    const subscription = await this.filing.network.bus.subscribe({
      ...{ topics: [correctionTopic(to).name], group: uniqueName('spec'), startAt: { kind: 'earliest' } },
      maxInFlight: 100,
      onError: () => undefined,
      each: ({ value }) => each(value),
    });
    await eventually(isEnough, { timeoutMs: 30_000 });
    await subscription.stop();
  }
}
