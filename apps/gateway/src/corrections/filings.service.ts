import { outlineOf, routeItems, type CorrectionContent } from '#corrections';
import { CASE_KINDS } from '#deliveries';
import { AppError, newExchangeId, type Clock, type SubsystemId } from '#kernel';
import { commit, parseTypedSubject, type TypedSubject } from '#signing';
import type { CaseSteps, Standing } from './case-steps.service.js';
import type { CorrectionFilings } from './correction-filing.store.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker } from './feedback-cases.service.js';
import { sealCopy } from './portal-copy.js';
import {
  contentOf,
  flawExtensions,
  freshSalt,
  isSameFiling,
  namedParts,
  partContent,
  partIdOf,
  type FiledPart,
  type FilingRequest,
} from './filing.js';

export interface FilingServiceParts {
  readonly steps: CaseSteps;
  readonly kept: CorrectionFilings;
  /** From which ids of parts are made. */
  readonly partKey: Uint8Array;
  /** Of copies that feedback keeps for this gateway, should an owner be succeeded. */
  readonly copyKey: Buffer;
  readonly clock: Clock;
}

/** How a filing stands; `parts` where several owners answer it, in the order of their first items. */
export interface Filed {
  readonly standing: Standing;
  readonly parts: readonly Standing[];
}

interface Draft {
  readonly id: string;
  readonly owner: SubsystemId;
  readonly content: CorrectionContent;
  /** Of a whole. */
  readonly parts?: readonly FiledPart[];
  /** Of a part. */
  readonly parentId?: string;
}

/**
 * Files what persons say is wrong. Promises: the values leave this process sealed for the owner whom the registry names,
 * feedback gets digests; what is signed is what was asked for; and the same `correctionId` again, after a lost answer or
 * a crash at any line, completes what was begun and files nothing twice.
 */
export class GatewayFilings {
  constructor(private readonly parts: FilingServiceParts) {}

  /** What is thrown names the id under which to ask again. */
  async file(consumer: SubsystemId, endUser: string, request: FilingRequest): Promise<Filed> {
    try {
      return await this.filed(this.parts.steps.asker(consumer, endUser), request);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      const { code, entry, extensions } = cause;
      throw new AppError(code, entry, { cause, extensions: { ...extensions, filing: request.correctionId } });
    }
  }

  private async filed(asker: Asker, request: FilingRequest): Promise<Filed> {
    const { steps } = this.parts;
    const content = readContentOf(request, await this.saltOf(asker, request, request.correctionId));
    const { kind, service, correctionId } = request;
    const items = content.items.map(({ element }) => (element === undefined ? {} : { elementId: element }));
    const routed = routeItems({ kind, service, items }, steps.view());
    const [first, ...others] = routed;
    if (first === undefined) throw gatewayCorrectionErrors.error('correction-malformed');
    if (others.length === 0) {
      const standing = await this.fileOne(asker, request, { id: correctionId, owner: first.owner, content });
      return { standing, parts: [] };
    }
    const parts = routed.map((part): FiledPart => ({
      correctionId: partIdOf(this.parts.partKey, correctionId, part.owner),
      owner: part.owner,
      items: part.items.map(({ item }) => item),
    }));
    const standing = await this.fileOne(asker, request, { id: correctionId, owner: first.owner, content, parts });
    // Feedback takes only parts that the whole has named: what it names is what has to be filed.
    const named = namedParts(standing, parts.length);
    const family = parts.map((part, place) => ({ ...part, correctionId: named?.[place] ?? part.correctionId }));
    return { standing, parts: await this.fileParts(asker, request, content, family) };
  }

  /** One after the other: of a family that broke off the first ones stand, and asking again adds the rest. */
  private async fileParts(
    asker: Asker,
    request: FilingRequest,
    whole: CorrectionContent,
    parts: readonly FiledPart[],
  ): Promise<Standing[]> {
    const standings: Standing[] = [];
    for (const part of parts) {
      const content = partContent(whole, part, await this.saltOf(asker, request, part.correctionId));
      const { correctionId: id, owner } = part;
      standings.push(await this.fileOne(asker, request, { id, owner, content, parentId: request.correctionId }));
    }
    return standings;
  }

  /** That of an earlier attempt where one is kept: both may have reached feedback, and the case has one salt. */
  private async saltOf({ consumer }: Asker, { recheck }: FilingRequest, id: string): Promise<string> {
    const kept = recheck === undefined ? undefined : await this.parts.kept.find(id, consumer);
    return kept?.salt ?? freshSalt();
  }

  private async fileOne(asker: Asker, request: FilingRequest, draft: Draft): Promise<Standing> {
    const { kept, clock } = this.parts;
    const { consumer } = asker;
    const row = draft.parts === undefined ? rowOf(request, draft.content) : undefined;
    const isNew = row !== undefined && (await kept.begin(draft.id, consumer, row, clock.now()));
    try {
      const standing = await this.send(asker, request, draft);
      if (row !== undefined) await kept.filed(draft.id, consumer, row);
      return standing;
    } catch (cause) {
      const earlier = isCode(cause, 'case-exists') ? await this.standingOf(asker, draft.id) : undefined;
      if (earlier !== undefined && isSameFiling(earlier, request, outlineOf(draft.content))) {
        // An earlier attempt was taken and its answer lost: now it is known, and the row can go when the case is over.
        if (row !== undefined) await kept.filed(draft.id, consumer, row);
        return earlier;
      }
      // Refused for good: nothing of it stands anywhere. Where that is not known, the row waits for the next attempt.
      if (isNew && cause instanceof AppError && cause.kind !== 'unavailable') await kept.drop(draft.id, consumer);
      throw cause;
    }
  }

  /** Undefined: the case that has this id is not theirs. */
  private async standingOf(asker: Asker, id: string): Promise<Standing | undefined> {
    try {
      return await this.parts.steps.standing(asker, id);
    } catch (cause) {
      if (isCode(cause, 'case-unknown')) return undefined;
      throw cause;
    }
  }

  private async send(asker: Asker, request: FilingRequest, draft: Draft): Promise<Standing> {
    const { steps } = this.parts;
    const { id, owner, content, parts, parentId } = draft;
    const { kind, profile, subject, service, endpoint, language } = request;
    const { opening } = commit('subject', subjectOf(request));
    const outline = outlineOf(content);
    const contentId = newExchangeId();
    const body = {
      ...{ correctionId: id, kind, subject, service, endpoint, language, outline, contentId },
      r: Buffer.from(opening.r).toString('base64url'),
      ...(profile === undefined ? {} : { profile }),
      ...(parts === undefined ? {} : { parts }),
      ...(parentId === undefined ? {} : { parentId }),
    };
    const asked = { correctionId: id, kind, service, endpoint, content };
    const sealed =
      parts === undefined
        ? {
            ...(await steps.seal(contentId, CASE_KINDS.request, owner, asked)),
            copy: sealCopy(this.parts.copyKey, id, asker.consumer, { owner, kind, service, endpoint, content }),
          }
        : undefined;
    const expected = { t: 'correction.submitted' as const, id, to: owner, doc: outline.digest, opening };
    return steps.step(asker, '/v1/corrections', body, expected, sealed);
  }
}

function readContentOf(request: FilingRequest, salt: string): CorrectionContent {
  const read = contentOf(request, salt);
  if (!read.ok)
    throw gatewayCorrectionErrors.error('correction-content-flawed', { extensions: flawExtensions(read.reason) });
  return read.value;
}

function rowOf({ service, recheck, subject }: FilingRequest, { salt, items }: CorrectionContent) {
  if (recheck === undefined) return undefined;
  const { path, query } = recheck;
  const pointers = items.map(({ pointer }) => pointer);
  return { salt, service, path, ...(query === undefined ? {} : { query }), subject, pointers };
}

function subjectOf({ subject }: FilingRequest): TypedSubject {
  const parsed = parseTypedSubject(subject);
  if (parsed === undefined)
    throw gatewayCorrectionErrors.error('correction-malformed', { extensions: { problems: ['subject'] } });
  return parsed;
}

function isCode(cause: unknown, code: string): boolean {
  return cause instanceof AppError && cause.code === code;
}
