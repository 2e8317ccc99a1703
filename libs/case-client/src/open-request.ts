import { outlineOf, readContent, type ContentOutline, type CorrectionContent } from '#corrections';
import { CASE_KINDS, openDelivery, readCaseRequest, type CaseRequestContent } from '#deliveries';
import { ok, refuse, type Result, type SubsystemId } from '#kernel';
import type { PrivateJwk } from '#signing';
import type { SealedCase } from './standing.js';

export type UnsealKeyOf = (to: SubsystemId, kid: string) => PrivateJwk | undefined;

/** What a person says is wrong, and the digest of it that stands in the log. */
export interface OpenedRequest {
  readonly request: CaseRequestContent;
  readonly content: CorrectionContent;
  readonly digest: string;
}

export type RequestFlaw =
  | { readonly code: 'case-request-absent' }
  | { readonly code: 'case-request-unopenable' | 'case-request-foreign'; readonly problem: string };

/** Opened, read, and compared with what the log and feedback say that it is. */
export async function openRequest(
  found: SealedCase,
  owner: SubsystemId,
  keyOf: UnsealKeyOf,
): Promise<Result<OpenedRequest, RequestFlaw>> {
  const { contentId, sealed } = found;
  if (sealed === undefined) return refuse({ code: 'case-request-absent' });
  const head = { id: contentId, kind: CASE_KINDS.request, to: owner };
  const opened = await openDelivery(head, Buffer.from(sealed, 'base64url'), keyOf);
  if (!opened.ok) return refuse({ code: 'case-request-unopenable', problem: opened.reason });
  const request = readCaseRequest(opened.value);
  if (request === undefined) return refuse({ code: 'case-request-foreign', problem: 'request-malformed' });
  const content = readContent(Buffer.from(JSON.stringify(request.content)));
  if (!content.ok) return refuse({ code: 'case-request-foreign', problem: content.reason.reason });
  const outline = outlineOf(content.value);
  const problem = differenceOf(found, request, outline);
  if (problem !== undefined) return refuse({ code: 'case-request-foreign', problem });
  return ok({ request, content: content.value, digest: outline.digest });
}

function differenceOf(found: SealedCase, request: CaseRequestContent, outline: ContentOutline): string | undefined {
  if (outline.digest !== found.requestDoc) return 'digest';
  if (request.correctionId !== found.id) return 'correctionId';
  if (request.service !== found.service || request.endpoint !== found.endpoint) return 'service';
  const isSame =
    found.items.length === outline.items.length &&
    outline.items.every(({ element, pointer, doubted }, place) => {
      const item = found.items[place];
      return item?.elementId === element && item?.jsonPointer === pointer && item['doubtedHash'] === doubted;
    });
  return isSame ? undefined : 'items';
}
