import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { typedOptions } from '../terminal/command-line.js';
import { curlOf, tokenCommand } from './commands.js';
import { Guide } from './guide.service.js';
import { spentQuota } from './tour.command.js';

describe('what the tour shows', () => {
  it('can be typed: a shell makes the same call of it, with a token from the command that gives one', () => {
    const usual = { gateway: 'http://127.0.0.1:8080' };
    const typed = typedOptions({ gateway: 'http://127.0.0.1:9080' }, usual);
    const gives = tokenCommand('DEMO/COM/2002/legal', ['--credential', "data/it's/legal.jwk"], typed);
    const headers = { 'X-Road-Client': 'DEMO/COM/2002/legal', Authorization: 'Bearer s3cret' };
    const shown = curlOf('http://127.0.0.1:9080/r1/x', headers, '{"pin":"1"}', new Map([['s3cret', gives]]));
    const fakes = `npx() { printf '%s|' "$@"; }; curl() { printf '%s\\n' "$@"; }`;
    expect(execFileSync('bash', ['-c', `${fakes}; ${shown}`], { encoding: 'utf8' }).split('\n')).toEqual([
      ...['-i', 'http://127.0.0.1:9080/r1/x', '-H', 'X-Road-Client: DEMO/COM/2002/legal', '-H'],
      `Authorization: Bearer kerege|token|--as|DEMO/COM/2002/legal|--credential|data/it's/legal.jwk|--gateway|http://127.0.0.1:9080|`,
      ...['-d', '{"pin":"1"}', ''],
    ]);
  });

  it('needs no options for the usual places', () => {
    const places = { issuer: 'http://127.0.0.1:8150', keys: './data/keys' };
    const gives = tokenCommand('DEMO/GOV/1000/mygov', ['--end-user', 'TEST000042'], typedOptions(places, places));
    expect(gives).toBe('npx kerege token --as DEMO/GOV/1000/mygov --end-user TEST000042');
  });
});

describe('one call too many', () => {
  let server: Server;
  let gatewayUrl: string;
  let left: number;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      const isAnswered = left > 0;
      left -= 1;
      response.writeHead(isAnswered ? 200 : 429).end(isAnswered ? '[]' : '{"code":"quota-day-spent"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    gatewayUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it.each([
    [3, '3 more calls were answered today.'],
    [0, 'Today’s calls were spent already.'],
  ])('is refused on a day with %d calls left', async (calls, said) => {
    left = calls;
    let out = '';
    const terminal = {
      out: (text: string) => void (out += text),
      tell: () => undefined,
      paint: (_colour: string, text: string) => text,
    };
    await spentQuota({ gatewayUrl }, new Guide(terminal, () => Promise.resolve(0), new Map()), 'citizen');
    expect(out).toContain('HTTP 429 quota-day-spent');
    expect(out).toContain(said);
  });
});
