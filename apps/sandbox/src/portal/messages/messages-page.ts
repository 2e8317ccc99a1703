import { z } from 'zod';
import { escapeHtml as escape } from '../../page/page.js';
import { portalFrame } from '../portal-page.js';
import type { SunkMail } from './mail-sink.service.js';

const inbox = z.object({
  notifications: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      at: z.string(),
      readAt: z.string().optional(),
      deliveries: z.record(z.string(), z.string()),
    }),
  ),
});
const wishes = z.object({ channels: z.record(z.string(), z.array(z.string())) });

export interface MessagesPage {
  readonly subject: string;
  /** As feedback answered. */
  readonly listed: unknown;
  readonly wished: unknown;
  readonly mails: readonly SunkMail[];
  readonly addresses: readonly string[];
}

/** What a person was told: in the inbox, and by mails that the sandbox shows instead of sending them. */
export function messagesPage({ subject, listed, wished, mails, addresses }: MessagesPage): string {
  const read = inbox.safeParse(listed);
  const told = wishes.safeParse(wished);
  const isByMail = told.success && (told.data.channels['progress'] ?? []).includes('email');
  return portalFrame(
    'en',
    `<header><strong>State Portal</strong> <span>${escape(subject)}</span> <a href="/">Who looked at my data</a>
<a href="/corrections">My record</a></header>
<h1>Messages</h1>
${read.success ? listOf(read.data.notifications.map(noticeRow), 'Nothing yet.') : '<p role="alert" class="problem">Feedback does not answer. Try again later.</p>'}
<form method="post" action="/messages/${isByMail ? 'no-mail' : 'mail'}">
<p>${isByMail ? 'You are told by e-mail, too.' : 'You are told here alone.'}
<button>${isByMail ? 'No e-mails' : 'Tell me by e-mail, too'}</button></p></form>
<h2>E-mails to ${escape(addresses.join(', '))}</h2>
<p>Nothing leaves the sandbox: this is what would have been sent.</p>
${listOf(mails.map(mailRow), 'None yet.')}`,
  );
}

function listOf(rows: readonly string[], none: string): string {
  return rows.length === 0 ? `<p>${none}</p>` : `<ul>${rows.join('\n')}</ul>`;
}

function noticeRow({ id, text, at, readAt, deliveries }: z.infer<typeof inbox>['notifications'][number]): string {
  const ways = Object.entries(deliveries).map(([channel, state]) => `${channel}: ${state.toLowerCase()}`);
  const button = `<form method="post" action="/messages/${escape(id)}/read"><button>Read</button></form>`;
  return `<li>${readAt === undefined ? `<strong>${escape(text)}</strong>` : escape(text)}
<br><small>${instant(at)} · ${escape(ways.sort().join(' · '))}</small>${readAt === undefined ? button : ''}</li>`;
}

function mailRow({ subject, from, text, atMs }: SunkMail): string {
  return `<li><strong>${escape(subject)}</strong>
<br><small>${instant(new Date(atMs).toISOString())} · from ${escape(from)}</small>
<pre style="white-space: pre-wrap">${escape(text.trim())}</pre></li>`;
}

function instant(at: string): string {
  return `<time datetime="${escape(at)}">${escape(at.slice(0, 16).replace('T', ' '))}</time>`;
}
