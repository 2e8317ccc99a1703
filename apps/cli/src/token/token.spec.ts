import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generateSigningKey } from '#signing';
import { runKerege } from '../kerege.command.js';

const LEGAL = 'DEMO/COM/2002/legal';

describe('kerege token --credential', () => {
  let dir: string;
  let server: Server;
  let url: string;
  let asked: string;
  let answer: { status: number; body: object };
  let out: string;
  let told: string;
  const run = (...args: string[]) => {
    [out, told] = ['', ''];
    return runKerege(['token', '--as', LEGAL, '--credential', join(dir, 'legal.jwk'), '--gateway', url, ...args], {
      out: (more) => void (out += more),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, shown) => shown,
    });
  };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-token-'));
    await writeFile(join(dir, 'legal.jwk'), JSON.stringify({ keys: [generateSigningKey()] }));
    server = createServer((request, response) => {
      void text(request).then((body) => {
        asked = `${request.url ?? ''} ${body}`;
        response.writeHead(answer.status).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });

  it('prints an access token of the gateway, and nothing else to standard output', async () => {
    answer = { status: 200, body: { access_token: 'a.b.c' } };
    expect([await run(), out]).toEqual([0, 'a.b.c\n']);
    expect(asked).toMatch(/^\/v1\/token grant_type=client_credentials&.*client_assertion=/);
  });

  it('says why there is none', async () => {
    answer = { status: 400, body: { error: 'invalid_client' } };
    expect([await run(), out, told]).toEqual([1, '', expect.stringContaining('invalid_client')]);
  });

  it('is of a subsystem, not of a person', async () => {
    expect([await run('--end-user', 'TEST000042'), out]).toEqual([2, '']);
  });
});
