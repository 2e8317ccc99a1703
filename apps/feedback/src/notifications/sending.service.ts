import type { Language } from '../access-history/titles.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';
import { openSubject } from '../corrections/kept-subject.js';
import { suppressedWhy } from './channel-policy.js';
import type { Contacts } from './contacts.service.js';
import { callHook, type Hook } from './hook.service.js';
import type { JsonPosts } from './json-post.service.js';
import type { Preference } from './kept-preference.js';
import type { Mails } from './mail.service.js';
import type { ClaimedDelivery } from './notice-delivery.store.js';
import { mailText, shortText } from './notice-texts.js';
import type { Category } from './notification.js';
import { linkTo, type PortalPlaces } from './portal-places.js';
import type { Preferences } from './preferences.service.js';
import type { Transmission } from './transmission.js';

export interface SendingParts {
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly preferences: Pick<Preferences, 'of'>;
  readonly contacts: Contacts;
  readonly posts: JsonPosts;
  /** Undefined each: there is no such channel here. */
  readonly mails: Mails | undefined;
  readonly sms: Hook | undefined;
  readonly push: Hook | undefined;
  readonly links: PortalPlaces;
}

/** How one delivery is handed over, once nothing is left to find out. */
export type Handover = { readonly hand: () => Promise<Transmission> };

/**
 * Finds out whether a notification is wanted that way and where it goes, and only then lets it go. Whom it is for is read
 * from the case under the person's key: who was erased meanwhile is told nothing more.
 */
export class Sending {
  constructor(private readonly parts: SendingParts) {}

  /** Nothing has left for the person yet: a transmission instead of a handover says why it will not. */
  async prepare(delivery: ClaimedDelivery): Promise<Handover | Transmission> {
    const { channel, category } = delivery;
    const carrier = { push: this.parts.push, sms: this.parts.sms, email: this.parts.mails }[channel];
    if (carrier === undefined) return { kind: 'nowhere', why: 'channel-off' };
    const preference = await this.preferenceOf(delivery);
    if (preference === 'erased') return { kind: 'nowhere', why: 'erased' };
    const why = suppressedWhy(category as Category, channel, preference);
    if (why !== undefined || preference === undefined) return { kind: 'nowhere', why: why ?? 'no-handle' };
    return this.handover(delivery, preference);
  }

  private async handover(
    { id, channel, portal, ...facts }: ClaimedDelivery,
    { handle, language }: Preference,
  ): Promise<Handover | Transmission> {
    const { posts, mails, sms, push, contacts, links } = this.parts;
    const told = { ...facts, link: linkTo(links, portal, facts.publicNumber) };
    const text = shortText(told, language);
    if (channel === 'push')
      return push === undefined ? OFF : { hand: () => callHook(posts, push, { id, channel, handle, text }) };
    const contact = await contacts.find(portal, handle, channel);
    if ('kind' in contact) return contact;
    const { address } = contact;
    if (channel === 'sms')
      return sms === undefined ? OFF : { hand: () => callHook(posts, sms, { id, channel, address, text }) };
    return mails === undefined
      ? OFF
      : { hand: () => mails.send({ id, to: address, ...mailText(told, language satisfies Language) }) };
  }

  private async preferenceOf({
    caseId,
    person,
    portal,
    subjectEnc,
  }: ClaimedDelivery): Promise<Preference | 'erased' | undefined> {
    const key = (await this.parts.keys.find([person])).get(epochTagKey(person));
    if (key === undefined || subjectEnc === undefined) return 'erased';
    const subject = openSubject(key, caseId, subjectEnc);
    if (subject === undefined) return 'erased';
    const { country, type, code } = subject;
    return this.parts.preferences.of({ country, type, code }, portal);
  }
}

const OFF = { kind: 'nowhere', why: 'channel-off' } as const;
