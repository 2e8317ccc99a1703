import { instanceStatus, parsePeers, peerAnswer, type ProcessStatus } from './instance-status.js';

const part = (name: string, state: 'ok' | 'degraded' | 'down', since: string) => ({ part: name, state, since });
const process = (id: string, changes: Partial<ProcessStatus>): ProcessStatus => ({
  id,
  app: 'gateway',
  state: 'ok',
  since: '2026-09-01T00:00:00.000Z',
  parts: [part('kafka', 'ok', '2026-09-01T00:00:00.000Z')],
  ...changes,
});

describe('instanceStatus', () => {
  it('is ok when every process answers and every part is ok', () => {
    expect(instanceStatus([process('DEMO/gw1', {}), process('DEMO/cn1', {})], 0)).toMatchObject({
      state: 'ok',
      troubles: [],
    });
  });

  it('lists what is wrong, oldest first', () => {
    const status = instanceStatus(
      [
        process('DEMO/gw1', { parts: [part('log', 'down', '2026-09-01T00:00:09.000Z')] }),
        process('DEMO/cn1', { state: 'down', since: '2026-09-01T00:00:05.000Z', reason: 'does not answer', parts: [] }),
      ],
      0,
    );
    expect(status.state).toBe('degraded');
    expect(status.troubles).toEqual([
      { process: 'DEMO/cn1', state: 'down', since: '2026-09-01T00:00:05.000Z', reason: 'does not answer' },
      { process: 'DEMO/gw1', part: 'log', state: 'down', since: '2026-09-01T00:00:09.000Z' },
    ]);
  });
});

describe('parsePeers', () => {
  it('takes INSTANCE/id=URL', () => {
    const peers = parsePeers(['DEMO/gw1=http://127.0.0.1:8080', 'DEMO/cn1=http://127.0.0.1:8090/x?a=b']);
    expect(peers).toEqual({
      ok: true,
      value: [
        { id: 'DEMO/gw1', url: new URL('http://127.0.0.1:8080') },
        { id: 'DEMO/cn1', url: new URL('http://127.0.0.1:8090/x?a=b') },
      ],
    });
  });

  it.each(['', 'DEMO/gw1', '=http://127.0.0.1', 'DEMO/gw1=nowhere'])('refuses %j', (entry) => {
    expect(parsePeers([entry]).ok).toBe(false);
  });
});

it('does not believe an answer of another shape', () => {
  expect(peerAnswer.safeParse({ app: 'gateway', state: 'fine', parts: [] }).success).toBe(false);
  expect(peerAnswer.safeParse({ app: 'gateway', state: 'ok', parts: [] }).success).toBe(true);
});
