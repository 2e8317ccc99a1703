import { jest } from '@jest/globals';
import { startFaultBus, type FaultBus } from '../harness/fault-bus.js';
import { sql } from '../harness/steps.js';
import { claim, storyOf, view } from './spec-support/scene.js';

jest.setTimeout(300_000);

let bus: FaultBus;
beforeAll(async () => void (bus = await startFaultBus({ serviceTimeoutMs: 60_000 })));
afterAll(() => bus.end());

describe('a broker killed (bus.md §7)', () => {
  it('keeps what it has acknowledged: a call under way ends after its return, and the agency had it once', async () => {
    const called = bus.note('cn2', sql(/^UPDATE journal j SET state = 'done'/));
    const telling = claim(bus);
    await called;
    await bus.broker.kill();
    await bus.broker.bringBack();
    const story = await storyOf(bus, await telling);
    expect(story).toEqual({ told: 'answered 201', calls: ['benefits'], leaves: ['requested', 'answered'] });
  });

  it('takes no new calls while it is away, and takes them when it is back', async () => {
    await bus.broker.kill();
    const refused = await view(bus, { deadlineMs: 10_000 });
    // Or no receipt has come for so long that calls are refused for that.
    expect(['bus-unavailable', 'no-receipt']).toContain(refused.words);
    await bus.broker.bringBack();
    const deadlineMs = Date.now() + 30_000;
    let told = await view(bus);
    while (told.words !== 'answered 200' && Date.now() < deadlineMs) told = await view(bus);
    const story = await storyOf(bus, told);
    expect(story).toEqual({ told: 'answered 200', calls: ['population'], leaves: ['requested', 'answered'] });
  });
});
