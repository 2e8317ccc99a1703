import type { Clock } from '#kernel';
import type { Language } from '../access-history/titles.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { noticeText } from './notice-texts.js';
import type { Channel, DeliveryState, NoticeCode } from './notification.js';
import type { InboxPage, KeptNotification, NotificationStore } from './notification.store.js';
import { notificationErrors } from './notifications.errors.js';
import { linkTo, type PortalPlaces } from './portal-places.js';

export interface NoticeInboxParts {
  readonly store: NotificationStore;
  readonly keys: Pick<PersonKeys, 'epochs'>;
  readonly clock: Clock;
  /** Where each portal shows a case. */
  readonly links: PortalPlaces;
}

/** A notification as the person sees it. That a mail was opened is never asked for and never known (E25). */
export interface ShownNotification {
  readonly id: string;
  readonly correctionId: string;
  readonly code: NoticeCode;
  readonly category: string;
  readonly publicNumber: string;
  readonly text: string;
  readonly link?: string;
  readonly at: string;
  readonly readAt?: string;
  readonly deliveries: Readonly<Partial<Record<Channel, DeliveryState>>>;
}

export interface ShownInbox {
  readonly notifications: readonly ShownNotification[];
  readonly next?: string;
}

export interface InboxQuestion extends Omit<InboxPage, 'portal'> {
  readonly subject: string | undefined;
  readonly language: Language;
}

/** What persons were told, through the portal that filed; nobody else's, and at no other portal. */
export class NoticeInbox {
  constructor(private readonly parts: NoticeInboxParts) {}

  async page(caller: Caller, { subject, language, ...page }: InboxQuestion): Promise<ShownInbox> {
    const { portal } = caller;
    const found = await this.parts.store.page(await this.tagsFor(caller, subject), {
      ...{ ...page, portal, limit: page.limit + 1 },
    });
    const shown = found.slice(0, page.limit);
    const next = found.length > page.limit ? shown.at(-1)?.id : undefined;
    return {
      notifications: shown.map((one) => this.shown(one, portal, language)),
      ...(next === undefined ? {} : { next }),
    };
  }

  /** Again changes nothing: it says when it was read first. */
  async read(caller: Caller, id: string): Promise<{ readonly readAt: string }> {
    const { store, clock } = this.parts;
    const readMs = await store.read(await this.tagsFor(caller, undefined), caller.portal, id, clock.now());
    if (readMs === undefined) throw notificationErrors.error('notification-unknown');
    return { readAt: new Date(readMs).toISOString() };
  }

  private async tagsFor(caller: Caller, subject: string | undefined) {
    const epochs = await this.parts.keys.epochs();
    return ownSubjects(caller, subject).flatMap((one) => tagsOf(one, epochs));
  }

  private shown(one: KeptNotification, portal: string, language: Language): ShownNotification {
    const { id, caseId, code, category, publicNumber, atMs, readMs, deliveries } = one;
    const link = linkTo(this.parts.links, portal, publicNumber);
    return {
      ...{ id, correctionId: caseId, code, category, publicNumber, text: noticeText(one, language) },
      ...(link === undefined ? {} : { link }),
      at: new Date(atMs).toISOString(),
      ...(readMs === undefined ? {} : { readAt: new Date(readMs).toISOString() }),
      deliveries,
    };
  }
}
