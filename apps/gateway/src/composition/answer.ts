import { isJsonType } from '#access';
import type { HeaderField } from '../exchange/exchange.js';

/** `pending`: no outcome is claimed, because none is recorded; ask for the exchange by its id. */
export type PartOutcome = 'answered' | 'refused' | 'failed' | 'pending';

type Localised = Readonly<Record<string, string>>;

/** Whose system the answer comes from, as the registry names it. */
export interface PartSource {
  readonly service: string;
  readonly title?: Localised;
  readonly subsystem: string;
  readonly member: string;
  readonly memberName?: Localised;
}

/** What is told of a part beside its body. */
export interface PartHead {
  readonly name: string;
  readonly outcome: PartOutcome;
  /** The provider's, or that of `problem`. */
  readonly status: number;
  readonly source?: PartSource;
  /** When the provider's statement says that it answered. */
  readonly asOf?: string;
  /** From the arrival of the composition to the end of this part, or of the composition. */
  readonly tookMs: number;
  readonly exchangeId?: string;
  readonly evidence?: string;
  readonly headers?: readonly HeaderField[];
  readonly problem?: object;
  readonly retryAfterS?: number;
}

export interface PartAnswer {
  readonly head: PartHead;
  /** The provider's bytes. */
  readonly body?: Buffer | undefined;
}

/** What is told of the composition as a whole. */
export interface CompositionHead {
  /** Whether every part was answered. */
  readonly complete: boolean;
  readonly parts: number;
  readonly answered: number;
  readonly deadlineMs: number;
  readonly tookMs: number;
}

/**
 * The answer as JSON text. A provider's JSON stands in it byte for byte, because parsing and writing it anew would
 * change numbers, order and repeated names, and nobody but its owner changes data.
 */
export function renderAnswer(
  head: CompositionHead,
  parts: readonly PartAnswer[],
  bodies: 'json' | 'base64' = 'json',
): Buffer {
  const written: Buffer[] = [Buffer.from(`{"composition":${JSON.stringify(head)},"parts":[`)];
  for (const [index, part] of parts.entries()) {
    if (index > 0) written.push(Buffer.from(','));
    written.push(...renderPart(part, bodies));
  }
  written.push(Buffer.from(']}'));
  return Buffer.concat(written);
}

function renderPart({ head, body }: PartAnswer, bodies: 'json' | 'base64'): Buffer[] {
  const text = JSON.stringify(head);
  if (body === undefined || body.length === 0) return [Buffer.from(text)];
  const open = text.slice(0, -1);
  if (bodies === 'json' && isJson(head, body))
    return [Buffer.from(`${open},"bodyEncoding":"json","body":`), body, Buffer.from('}')];
  return [Buffer.from(`${open},"bodyEncoding":"base64","body":"${body.toString('base64')}"}`)];
}

/** Declared as JSON and being one whole JSON text: what is spliced in can neither end the answer nor add to it. */
function isJson({ headers = [] }: PartHead, body: Buffer): boolean {
  const declared = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
  if (!isJsonType(declared)) return false;
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    return true;
  } catch {
    // Not UTF-8 or no JSON, whatever it is declared to be: then it is handed over as bytes.
    return false;
  }
}
