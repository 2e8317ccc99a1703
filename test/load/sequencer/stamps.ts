import { randomBytes } from 'node:crypto';
import { exchangeIdBytes, newExchangeId } from '#kernel';
import { signStatement, type Signer } from '#signing';

export interface PreparedStamp {
  /** The exchange id's bytes as a map key: receipts name it. */
  readonly key: string;
  readonly value: Buffer;
}

export const CONSUMER = 'DEMO/GOV/1000/mygov';

/** Signed beforehand, so that the load generator's own signing is in no figure. Each is a new exchange. */
export async function prepareStamps(count: number, signer: Signer, snapshot: number): Promise<PreparedStamp[]> {
  const stamps: PreparedStamp[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = newExchangeId();
    const statement = await signStatement(
      {
        v: 1,
        t: 'exchange.requested',
        id,
        ts: Date.now(),
        from: CONSUMER,
        to: 'DEMO/GOV/1001/population',
        svc: 'DEMO/GOV/1001/population/persons',
        ep: 'GET /{pin}',
        pur: 'citizen-view',
        law: 'LB-PORTAL',
        req: `h1:${randomBytes(32).toString('base64url')}`,
        subj: [`c1:${randomBytes(32).toString('base64url')}`],
        snap: snapshot,
      },
      signer,
    );
    stamps.push({ key: Buffer.from(exchangeIdBytes(id)).toString('latin1'), value: Buffer.from(statement.jws) });
  }
  return stamps;
}
