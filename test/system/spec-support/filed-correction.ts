import { newExchangeId } from '#kernel';
import { eventually } from '#testing';
import { call, exchangeIdOf, MYGOV, PERSONS, signIn, type BusUnderTest } from './bus-under-test.js';

/** A person looks at their record, says that the date of birth is wrong, and the case is taken. Returns its id. */
export async function fileCorrection({ instance }: BusUnderTest, person: string): Promise<string> {
  const seen = await call(instance, { target: `${PERSONS}/${person}`, client: MYGOV, purpose: 'citizen-view' });
  const { birthDate } = JSON.parse(seen.text) as { birthDate: string };
  const { output } = await signIn(instance, person, MYGOV);
  const correctionId = newExchangeId();
  const body = {
    ...{ correctionId, kind: 'ERROR', service: PERSONS, endpoint: 'GET /{pin}', language: 'en' },
    ...{ exchangeId: exchangeIdOf(seen), subject: `DEMO/PIN/${person}`, recheck: { path: `/${person}` } },
    items: [{ element: 'person.birth-date', pointer: '/birthDate', doubted: birthDate, proposed: '2001-08-22' }],
  };
  const headers = { 'x-road-client': MYGOV, 'kerege-end-user': output.trim(), 'content-type': 'application/json' };
  const url = `${instance.gatewayUrl}/v1/corrections`;
  // The access is in the person's history a moment after it was made.
  await eventually(
    async () => (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status === 201,
    {
      timeoutMs: 30_000,
      intervalMs: 1_000,
    },
  );
  return correctionId;
}
