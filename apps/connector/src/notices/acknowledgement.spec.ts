import { expect, it } from '@jest/globals';
import { acknowledgement } from './acknowledgement.js';

const now = Date.parse('2026-11-27T12:00:00Z');
const said = (status: number, retryAfter?: string) => acknowledgement({ status, retryAfter }, now);

it('is any 2xx, and nothing else', () => {
  for (const status of [200, 201, 202, 204, 299]) expect(said(status)).toEqual({ kind: 'delivered' });
  for (const status of [199, 300, 301, 302, 307, 400, 404, 410, 500, 503])
    expect(said(status)).toMatchObject({ kind: 'again', why: `agency-status-${status}` });
});

it('may say when it wants to be asked again', () => {
  const after = (text?: string) => said(503, text);
  expect(after('120')).toMatchObject({ afterMs: 120_000 });
  expect(after('Fri, 27 Nov 2026 12:01:00 GMT')).toMatchObject({ afterMs: 60_000 });
  expect(after('Fri, 27 Nov 2026 11:00:00 GMT')).toMatchObject({ afterMs: 0 });
  for (const bad of [undefined, '', '-5', 'soon', '9'.repeat(30)])
    expect(after(bad)).toEqual({ kind: 'again', why: 'agency-status-503', afterMs: undefined });
});
