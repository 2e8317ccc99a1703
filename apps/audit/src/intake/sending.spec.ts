import { describe, expect, it } from '@jest/globals';
import { busErrors, createInProcessBus, type Bus } from '#bus';
import { silentLogger } from '#platform';
import { bury, publishEach } from './sending.service.js';

const records = ['a', 'b', 'c'].map((text) => ({ topic: 't', partition: 0, value: Buffer.from(text) }));

/** A bus that refuses the record `b` with this code, and what it took. */
function refusing(code: 'bus-record-refused' | 'bus-access-denied' | 'bus-unavailable'): { bus: Bus; taken: string[] } {
  const taken: string[] = [];
  const bus = Object.assign(createInProcessBus(), {
    publish: (sent: readonly { value: Uint8Array | null }[]) => {
      const text = Buffer.from(sent[0]?.value ?? []).toString();
      if (text === 'b') return Promise.reject(busErrors.error(code));
      taken.push(text);
      return Promise.resolve();
    },
  });
  return { bus, taken };
}

describe('dead letters', () => {
  it.each(['bus-record-refused', 'bus-access-denied'] as const)(
    'do not make the batch come again: %s',
    async (code) => {
      const { bus, taken } = refusing(code);
      await bury(bus, records, silentLogger());
      expect(taken).toEqual(['a', 'c']);
    },
  );

  it('that it cannot take now do', async () => {
    const { bus } = refusing('bus-unavailable');
    await expect(bury(bus, records, silentLogger())).rejects.toMatchObject({ code: 'bus-unavailable' });
  });
});

it('one record that is refused does not cost the others their sending, and is told of', async () => {
  const { bus, taken } = refusing('bus-record-refused');
  await expect(publishEach(bus, records)).rejects.toMatchObject({ code: 'bus-record-refused' });
  expect(taken).toEqual(['a', 'c']);
});
