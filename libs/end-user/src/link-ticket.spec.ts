import { beforeAll, describe, expect, it } from '@jest/globals';
import type { InstanceId } from '#kernel';
import { jwkSigner } from '#signing';
import { buildWorld, FEEDBACK, withFeedback, type World } from '#testing';
import { checkLinkTicket, signLinkTicket, type LinkTicket } from './link-ticket.js';

const AT = Date.UTC(2026, 10, 1);
const SAID: LinkTicket = {
  instance: FEEDBACK,
  consumer: 'TEST/GOV/1000/mygov',
  subject: 'TEST/PIN/TEST000001',
  service: 'TEST/GOV/1001/population/persons',
  purpose: 'citizen-view',
  atMs: AT,
};
let world: World;
beforeAll(async () => {
  world = await buildWorld({ definition: withFeedback });
});

const sign = (changes: Partial<LinkTicket> = {}, signer: string = FEEDBACK) =>
  signLinkTicket({ ...SAID, ...changes }, jwkSigner(world.keysOf(signer).sign));
const check = (ticket: string, atMs = AT) => checkLinkTicket(ticket, SAID, { view: world.view, atMs });

describe('a ticket that a person allows a call', () => {
  it.each([-1_000, 0, 3_000, 4_000])('is gone by for seconds, clocks apart: %i ms', async (ms) => {
    expect(check(await sign(), AT + ms)).toEqual({ ok: true, value: SAID });
  });

  it.each([-1_001, 4_001])('is not gone by any more, or yet: %i ms', async (ms) => {
    expect(check(await sign(), AT + ms)).toEqual({ ok: false, reason: 'link-stale' });
  });

  it.each<[string, Partial<LinkTicket>]>([
    ['another consumer', { consumer: 'TEST/GOV/1001/population' }],
    ['another person', { subject: 'TEST/PIN/TEST000002' }],
    ['another service', { service: 'TEST/GOV/1001/population/parcels' }],
    ['another purpose', { purpose: 'other' }],
    ['another instance', { instance: 'TEST/audit1' as InstanceId }],
  ])('is none for %s', async (_, changes) => {
    expect(check(await sign(changes))).toEqual({ ok: false, reason: 'link-missing' });
  });

  it('is none by anybody else’s key, changed, or no ticket', async () => {
    const forged = [await sign({}, 'TEST/audit1'), await sign({}, SAID.consumer)];
    const [head = '', body = '', signature = ''] = (await sign()).split('.');
    const more = Buffer.from(Buffer.from(body, 'base64url').toString().replace('000001', '000002')).toString(
      'base64url',
    );
    for (const ticket of [...forged, `${head}.${more}.${signature}`, '', 'x'.repeat(5_000), 'a.b.c'])
      expect(check(ticket)).toEqual({ ok: false, reason: 'link-missing' });
  });
});
