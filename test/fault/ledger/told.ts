/** What a client was told about one call that it made: its own notes, which owe nothing to the bus. */
export interface Told {
  /** The client's own name of what it wants done (`X-Road-Id`); a repeat under the same key is the same order. */
  readonly order: string;
  readonly consumer: string;
  readonly service: string;
  readonly isUnsafe: boolean;
  readonly key: string | undefined;
  readonly sentMs: number;
  readonly toldMs: number;
  readonly answer: ToldAnswer;
}

export type ToldAnswer =
  /** The provider's own answer, whatever its status. */
  | { readonly kind: 'answered'; readonly exchangeId: string; readonly status: number; readonly body: Buffer }
  /** The bus said that there is none; `ended` is what a 409 says of the exchange that holds the key. */
  | {
      readonly kind: 'unanswered';
      readonly exchangeId: string | undefined;
      readonly status: number;
      readonly code: string;
      readonly ended: string | undefined;
    }
  /** No word: the connection was refused, or it broke. */
  | { readonly kind: 'nothing'; readonly why: string };

/** How an exchange stands when its consumer asks for it by its id; `unknown`: the gateway has no row of it. */
export interface AskedState {
  readonly exchangeId: string;
  readonly state: 'open' | 'answered' | 'refused' | 'failed' | 'unknown';
  readonly code: string | undefined;
}

/** Codes that tell an exchange without claiming how it ends. */
const CLAIMS_NOTHING: ReadonlySet<string> = new Set(['outcome-pending', 'exchange-open']);

/** The end that a client was told: `answered`, or the reason why not; undefined while nothing was claimed. */
export function claimOf(answer: ToldAnswer): { readonly exchangeId: string; readonly end: string } | undefined {
  if (answer.kind === 'nothing' || answer.exchangeId === undefined) return undefined;
  const { exchangeId } = answer;
  if (answer.kind === 'answered') return { exchangeId, end: 'answered' };
  if (answer.ended !== undefined) return { exchangeId, end: answer.ended.replace(/^(failed|refused): /, '') };
  return CLAIMS_NOTHING.has(answer.code) ? undefined : { exchangeId, end: answer.code };
}

/** What a released answer is worth to the client: only the provider's success is good. */
export function isGood({ answer }: Told): boolean {
  return answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;
}
