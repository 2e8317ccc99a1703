import { expect, it } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { parseNoticeAddresses } from './notice-address.js';

const benefits = 'DEMO/GOV/1003/benefits';
const population = 'DEMO/GOV/1001/population' as SubsystemId;

it('names a place for each subsystem, or none; who is served here is there in any case', () => {
  const parsed = parseNoticeAddresses([`${benefits}=https://a.example/n?x=1`, population], [population]);
  expect(parsed.ok && [...parsed.value].map(([id, url]) => [id, url?.href])).toEqual([
    [benefits, 'https://a.example/n?x=1'],
    [population, undefined],
  ]);
  const served = parseNoticeAddresses([], [population]);
  expect(served.ok && [...served.value]).toEqual([[population, undefined]]);
});

it.each<[string, string[]]>([
  ['no subsystem', ['DEMO/GOV/1003=https://a.example']],
  ['no URL', [`${benefits}=httpx`]],
  ['another scheme', [`${benefits}=file:///etc/passwd`]],
  ['a secret in the URL', [`${benefits}=https://me:pw@a.example`]],
  ['a fragment', [`${benefits}=https://a.example/#n`]],
  ['one twice', [benefits, `${benefits}=https://a.example`]],
])('refuses %s, by number', (_what, entries) => {
  const reason = `entry ${entries.length} is neither SUBSYSTEM=URL nor SUBSYSTEM, each once`;
  expect(parseNoticeAddresses(entries, [])).toEqual({ ok: false, reason });
});
