import { CallLedger } from './call-ledger.js';

describe('CallLedger', () => {
  it('lists what came, oldest first, with the exchange id of an unsafe call and the message id of any', () => {
    const ledger = new CallLedger(5);
    ledger.record('GET', '/persons/x', { 'x-road-id': 'DEMO-1' });
    ledger.record('POST', '/persons/match', { 'idempotency-key': 'e-1', 'x-road-id': ['DEMO-2', 'other'] });
    expect(ledger.list()).toEqual([
      { number: 1, exchangeId: null, messageId: 'DEMO-1', method: 'GET', path: '/persons/x' },
      { number: 2, exchangeId: 'e-1', messageId: 'DEMO-2', method: 'POST', path: '/persons/match' },
    ]);
  });

  it('never holds more than its capacity, and says how many there were', () => {
    const ledger = new CallLedger(3);
    for (const path of ['/1', '/2', '/3', '/4', '/5']) ledger.record('GET', path, {});
    expect(ledger.list().map((call) => call.path)).toEqual(['/3', '/4', '/5']);
    expect(ledger.list().map((call) => call.number)).toEqual([3, 4, 5]);
    expect(ledger.count).toBe(5);
  });

  it('keeps the order when it is just full', () => {
    const ledger = new CallLedger(2);
    ledger.record('GET', '/1', {});
    ledger.record('GET', '/2', {});
    expect(ledger.list().map((call) => call.path)).toEqual(['/1', '/2']);
  });
});
