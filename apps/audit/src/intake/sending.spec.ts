import { describe, expect, it } from '@jest/globals';
import { busErrors, createInProcessBus, type Bus } from '#bus';
import { createLogger, silentLogger } from '#platform';
import { fakeClock } from '#testing';
import { DeadLetters, publishEach } from './sending.service.js';

const recordsOf = (...texts: string[]) => texts.map((text) => ({ topic: 't', partition: 0, value: Buffer.from(text) }));
const records = recordsOf('a', 'b', 'c');

/** A bus that refuses the record `b` with this code, and what it took. */
function refusing(code: 'bus-record-refused' | 'bus-access-denied' | 'bus-unavailable') {
  const how = { isRefusing: true };
  const taken: string[] = [];
  const bus: Bus = Object.assign(createInProcessBus(), {
    publish: (sent: readonly { value: Uint8Array | null }[]) => {
      const text = Buffer.from(sent[0]?.value ?? []).toString();
      if (text === 'b' && how.isRefusing) return Promise.reject(busErrors.error(code));
      taken.push(text);
      return Promise.resolve();
    },
  });
  return { bus, taken, how };
}

function lettersTo(bus: Bus) {
  const clock = fakeClock(1_800_000_000_000);
  const alarms: unknown[] = [];
  const heard = (line: string) => {
    const { alarm, letters } = JSON.parse(line) as Record<string, unknown>;
    if (alarm !== undefined) alarms.push([alarm, letters]);
  };
  const dead = new DeadLetters(bus, clock, createLogger('audit', { destination: { write: heard } }));
  return { dead, clock, alarms };
}

describe('dead letters', () => {
  it('that the broker will never take do not make the batch come again', async () => {
    const { bus, taken } = refusing('bus-record-refused');
    await new DeadLetters(bus, fakeClock(0), silentLogger()).bury(records);
    expect(taken).toEqual(['a', 'c']);
  });

  it('that it cannot take now do', async () => {
    const { bus } = refusing('bus-unavailable');
    const { dead, clock } = lettersTo(bus);
    await expect(dead.bury(records)).rejects.toMatchObject({ code: 'bus-unavailable' });
    clock.advance(600_000);
    await expect(dead.bury(records)).rejects.toMatchObject({ code: 'bus-unavailable' });
  });

  it('wait two minutes for the right to write them, and are then passed over with an alarm', async () => {
    const { bus, taken, how } = refusing('bus-access-denied');
    const { dead, clock, alarms } = lettersTo(bus);
    await expect(dead.bury(records)).rejects.toMatchObject({ code: 'bus-access-denied' });
    clock.advance(119_999);
    await expect(dead.bury(records)).rejects.toMatchObject({ code: 'bus-access-denied' });
    // A batch without letters says nothing of the right.
    await dead.bury([]);
    expect(alarms).toEqual([]);
    clock.advance(1);
    await dead.bury(recordsOf('b', 'b'));
    await dead.bury(recordsOf('b'));
    expect(alarms).toEqual([
      ['dead-letters-denied', 2],
      ['dead-letters-denied', 1],
    ]);
    how.isRefusing = false;
    await dead.bury(recordsOf('b'));
    how.isRefusing = true;
    await expect(dead.bury(recordsOf('b'))).rejects.toMatchObject({ code: 'bus-access-denied' });
    expect(taken.filter((text) => text === 'b')).toEqual(['b']);
  });

  it('that were denied for less are sent when the batch comes again', async () => {
    const { bus, taken, how } = refusing('bus-access-denied');
    const { dead, clock, alarms } = lettersTo(bus);
    await expect(dead.bury(recordsOf('b'))).rejects.toMatchObject({ code: 'bus-access-denied' });
    clock.advance(60_000);
    how.isRefusing = false;
    await dead.bury(recordsOf('b'));
    expect([taken, alarms]).toEqual([['b'], []]);
  });
});

it('one record that is refused does not cost the others their sending, and is told of', async () => {
  const { bus, taken } = refusing('bus-record-refused');
  await expect(publishEach(bus, records)).rejects.toMatchObject({ code: 'bus-record-refused' });
  expect(taken).toEqual(['a', 'c']);
});
