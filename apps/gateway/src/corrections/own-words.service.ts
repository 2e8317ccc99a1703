import { CASE_KINDS, openDelivery, readCaseWords } from '#deliveries';
import type { SubsystemId } from '#kernel';
import type { PrivateJwk } from '#signing';
import type { CaseSteps } from './case-steps.service.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import { provenText, wordedStatement, type UnprovenWords } from './proven-words.js';
import { readLetter, readSealedWords, type SealedWords } from './sealed-words.js';

export interface OwnWordsParts {
  readonly steps: CaseSteps;
  readonly feedback: FeedbackCases;
  readonly keys: { unsealKey(consumer: SubsystemId, kid: string): PrivateJwk | undefined };
}

/** Own words of an owner: by which transition, and the text, or why it is not shown. */
export type ShownWords = {
  readonly seq: number;
} & (
  | { readonly what: string; readonly owner: string; readonly at: string; readonly text: string }
  | { readonly problem: UnprovenWords | 'words-unopenable' }
);

/** A case as a letter, with what only this portal opens in its place. */
export interface ShownLetter {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly language: string;
}

/**
 * What owners say to persons in their own words (`corrections.md` §3). Promises: nothing is shown that the owner has not
 * signed, whatever feedback hands over; nothing of it is kept here, and no line of a log has it.
 */
export class OwnWords {
  constructor(private readonly parts: OwnWordsParts) {}

  async of(consumer: SubsystemId, endUser: string, id: string): Promise<ShownWords[]> {
    return this.read(this.parts.steps.asker(consumer, endUser), id);
  }

  /** In the language that is asked for, else that of the filing. */
  async letter(consumer: SubsystemId, endUser: string, id: string, language: string | undefined): Promise<ShownLetter> {
    const { steps, feedback } = this.parts;
    const asker = steps.asker(consumer, endUser);
    const query = language === undefined ? '' : `?lang=${encodeURIComponent(language)}`;
    const letter = readLetter(await feedback.get(`/v1/corrections/${id}/letter${query}`, asker));
    if (letter === undefined) throw gatewayCorrectionErrors.error('corrections-feedback-away');
    const { words: places, paragraphs, ...rest } = letter;
    const texts = new Map<number, string>();
    if (places.length > 0)
      for (const shown of await this.read(asker, id)) if ('text' in shown) texts.set(shown.seq, shown.text);
    const written = paragraphs.map((paragraph, index) => {
      const place = places.find((one) => one.paragraph === index);
      const text = place && texts.get(place.seq);
      return place === undefined || text === undefined ? paragraph : `${place.lead}\n${text}`;
    });
    return { ...rest, paragraphs: written };
  }

  private async read(asker: Asker, id: string): Promise<ShownWords[]> {
    const found = readSealedWords(await this.parts.feedback.get(`/v1/corrections/${id}/words`, asker, 'large'));
    if (found === undefined) throw gatewayCorrectionErrors.error('corrections-feedback-away');
    return Promise.all(found.map((one) => this.shown(asker.consumer, id, one)));
  }

  private async shown(portal: SubsystemId, correctionId: string, sealed: SealedWords): Promise<ShownWords> {
    const { steps, keys } = this.parts;
    const of = { correctionId, portal };
    const { seq, content } = sealed;
    const said = wordedStatement(sealed, of, steps.view());
    if (!said.ok) return { seq, problem: said.reason };
    const head = { id: content.id, kind: CASE_KINDS.words, to: portal };
    const opened = await openDelivery(head, Buffer.from(content.sealed, 'base64url'), (to, kid) =>
      keys.unsealKey(to, kid),
    );
    const words = opened.ok ? readCaseWords(opened.value) : undefined;
    if (words === undefined) return { seq, problem: 'words-unopenable' };
    const text = provenText(sealed, words, of);
    if (!text.ok) return { seq, problem: text.reason };
    const { what, owner, atMs } = said.value;
    return { seq, what, owner, at: new Date(atMs).toISOString(), text: text.value };
  }
}
