import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainable } from './drain.js';

describe('a drain', () => {
  it('closes the connections of calls under way and of those to come, and of none before', async () => {
    const held: ServerResponse[] = [];
    const server = createServer((request, response) => {
      if (request.url === '/held') held.push(response);
      else response.end('now');
    });
    const drain = drainable(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = async (path: string) => {
      const answer = await fetch(url + path);
      return [await answer.text(), answer.headers.get('connection')];
    };
    try {
      expect(await connection('/')).toEqual(['now', 'keep-alive']);
      const underWay = connection('/held');
      while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
      drain();
      expect(await connection('/')).toEqual(['now', 'close']);
      held[0]?.end('late');
      expect(await underWay).toEqual(['late', 'close']);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
