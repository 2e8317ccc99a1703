import { openCosignature, parseCosignatures, type Cosignature, type NoteKey } from '#tlog';

/** An answer of a witness as it came over HTTP. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** Signs that somebody saw another tree under our key: nobody is shown anything more until a human has looked. */
export type ForkSign = 'inconsistent' | 'size-conflict' | 'signature-refused' | 'ahead-of-log' | 'root-differs';

/** Why a witness did not cosign, where that says nothing about the log. */
export type WitnessFailure = 'log-unknown' | 'request-refused' | 'nonsense' | 'no-answer' | 'turned-away';

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly cosignature: Cosignature }
  | { readonly kind: 'other-size'; readonly size: number }
  | { readonly kind: 'fork'; readonly sign: ForkSign }
  | { readonly kind: 'failed'; readonly why: WitnessFailure };

/**
 * What an answer to `add-checkpoint` means (`audit-log.md` §2.6): a cosignature counts only if it is good for that text
 * by the key that we know; a 409 with a number is a witness that has seen another size; a 409 without one, 422 and 403
 * are signs of a fork; everything else is a witness that is of no use just now.
 */
export function readAnswer({ status, body }: RawAnswer, text: string, key: NoteKey): WitnessAnswer {
  switch (status) {
    case 200:
      return cosigned(body, text, key);
    case 409:
      return conflict(body);
    case 422:
      return { kind: 'fork', sign: 'inconsistent' };
    case 403:
      return { kind: 'fork', sign: 'signature-refused' };
    case 404:
      return { kind: 'failed', why: 'log-unknown' };
    case 400:
      return { kind: 'failed', why: 'request-refused' };
    default:
      return { kind: 'failed', why: 'turned-away' };
  }
}

function cosigned(body: string, text: string, key: NoteKey): WitnessAnswer {
  for (const line of parseCosignatures(body) ?? []) {
    const opened = openCosignature(text, line, [key]);
    if (opened.ok) return { kind: 'cosigned', cosignature: opened.value };
  }
  return { kind: 'failed', why: 'nonsense' };
}

function conflict(body: string): WitnessAnswer {
  const digits = /^(0|[1-9][0-9]{0,15})\n$/u.exec(body)?.[1];
  const size = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(size)) return { kind: 'fork', sign: 'size-conflict' };
  return { kind: 'other-size', size };
}
