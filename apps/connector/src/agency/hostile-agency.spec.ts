import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { parseServiceId, systemClock, type ServiceId, type SubsystemId } from '#kernel';
import { AgencyService } from './agency.service.js';
import { localDoors } from './spec-support/local-doors.js';

/** What the agency's system sends for each request, byte for byte; `cut`: and then closes. */
let answers: { bytes: string; isCut?: boolean }[];
let requests: string[];
let server: Server;
let sockets: Socket[];
let agencies: AgencyService;
const SERVICE = service('rough');

function service(code: string): ServiceId {
  const id = parseServiceId(`TEST/GOV/1/a/${code}`);
  if (!id.ok) throw new TypeError('the service of this spec is none');
  return id.value;
}

beforeEach(async () => {
  answers = [];
  requests = [];
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests.push(data.toString('latin1'));
      const answer = answers.shift();
      if (answer === undefined) return;
      socket.write(Buffer.from(answer.bytes, 'latin1'));
      if (answer.isCut === true) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  agencies = new AgencyService(
    new Map([[SERVICE, url]]),
    {
      maxBodyBytes: 1_000,
      maxInFlight: 30,
      connections: 1,
      breakerResetMs: 1_000,
      breakerVolume: 1_000,
    },
    systemClock,
    await localDoors([SERVICE]),
  );
});
afterEach(async () => {
  await agencies.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

function ask(headers: string[] = []) {
  return agencies.call({
    consumer: 'TEST/GOV/2/asker' as SubsystemId,
    service: SERVICE,
    method: 'GET',
    path: '/x',
    query: undefined,
    headers,
    body: Buffer.alloc(0),
    deadlineMs: Date.now() + 1_500,
    timeoutMs: 1_500,
  });
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

it.each([
  ['length and coding', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok'],
  ['lines that end in LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok'],
  ['large headers', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(20_000)}\r\nContent-Length: 2\r\n\r\nok`],
  ['many headers', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(200)}Content-Length: 2\r\n\r\nok`],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a status that there is not', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'],
])('does not pass on an answer with %s', async (_what, bytes) => {
  answers.push({ bytes });
  expect(await ask()).toEqual({ ok: false, reason: { why: 'agency-invalid-answer', sent: true } });
});

it.each([
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n', false],
  ['ends before its body', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok', true],
  ['ends within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nok', true],
])('has no word of one that %s', async (_what, bytes, isCut) => {
  answers.push({ bytes, isCut });
  const outcome = await ask();
  expect(outcome).toMatchObject({ ok: false, reason: { sent: true } });
});

it('hands a redirection on, and follows none', async () => {
  answers.push({ bytes: 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n' });
  expect(await ask()).toMatchObject({ ok: true, value: { status: 302 } });
  expect(requests).toHaveLength(1);
});

it('hears early hints, and passes only what comes after them', async () => {
  answers.push({ bytes: `HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n`.repeat(3) + OK });
  const outcome = await ask();
  expect(outcome).toMatchObject({ ok: true, value: { status: 200 } });
  expect(JSON.stringify(outcome)).not.toContain('X-Early');
});

it('cuts one that never stops hinting', async () => {
  answers.push({ bytes: '' });
  const timer = setInterval(() => sockets.forEach((socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')), 20);
  const outcome = await ask();
  clearInterval(timer);
  expect(outcome).toMatchObject({ ok: false, reason: { why: 'agency-timeout' } });
});

it('passes no trailers, and nothing that was for this hop', async () => {
  const head = 'Connection: X-Hop, close\r\nX-Hop: 1\r\nTrailer: X-Late\r\nKeep-Alive: timeout=5\r\nX-Stays: 1\r\n';
  answers.push({
    bytes: `HTTP/1.1 200 OK\r\n${head}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n`,
  });
  const outcome = await ask();
  expect(outcome).toMatchObject({ ok: true, value: { headers: [{ name: 'X-Stays', value: '1' }] } });
});

it('gives what was sent unasked to nobody', async () => {
  answers.push({ bytes: OK + 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen' }, { bytes: OK });
  expect(await ask()).toMatchObject({ ok: true });
  const second = await ask();
  if (second.ok) expect(Buffer.from(second.value.body).toString()).toBe('ok');
});

it('sends nothing that could be two lines, and does not say that it did', async () => {
  expect(await ask(['X-A', 'b\r\nX-B: c'])).toEqual({
    ok: false,
    reason: { why: 'agency-unreachable', sent: false },
  });
  expect(requests.join('')).not.toContain('X-B');
});
