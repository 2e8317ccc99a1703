import type { ContentOutline } from '#corrections';

/** Whether two outlines say the same, however they came: as instances of a form or out of a column. */
export function isSameOutline(one: ContentOutline, other: ContentOutline): boolean {
  return spelled(one) === spelled(other);
}

function spelled({ exchangeId, digest, items, evidence }: ContentOutline): string {
  return JSON.stringify([
    exchangeId,
    digest,
    items.map(({ element, pointer, doubted, proposed, asOf }) => [element, pointer, doubted, proposed, asOf]),
    evidence.map(({ digest: of, mediaType, size }) => [of, mediaType, size]),
  ]);
}
