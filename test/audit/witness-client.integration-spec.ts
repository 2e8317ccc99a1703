import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { cosigner, ed25519Seed, openNote, parseVkey, signatureLine, type NoteKey } from '#tlog';
import { WitnessClient } from '../../apps/audit/src/witness/witness-client.service.js';

const log = TestLog.create('audit.test.example/0', 8);
const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
const witness = cosigner('w1.test.example', publicKey, sign, () => 1_790_000_000);
const parsed = parseVkey(witness.vkey);
const key = (parsed.ok ? parsed.value : undefined) as NoteKey;

describe('the client of a witness, against anything that may listen there', () => {
  let server: Server;
  let client: WitnessClient;
  let reply: (response: ServerResponse, body: string) => void;
  const requests: string[] = [];

  beforeEach(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
        reply(response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
    client = new WitnessClient({ name: 'w1', key, url }, log.key, 2_000);
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const add = async () => {
    const note = await log.note(8);
    const opened = openNote(note, [log.key]);
    const text = opened.ok ? opened.value.text : '';
    return client.add({ oldSize: 5, proof: await log.proof(5, 8), checkpoint: note }, text);
  };
  const says =
    (status: number, body = '') =>
    (response: ServerResponse) =>
      void response.writeHead(status).end(body);

  it('sends what is specified where it is specified, and takes the line', async () => {
    let asked = '';
    const note = await log.note(8);
    const opened = openNote(note, [log.key]);
    const line = await signatureLine(opened.ok ? opened.value.text : '', witness);
    reply = (response, body) => {
      asked = body;
      says(200, `${line}\n`)(response);
    };
    expect(await add()).toMatchObject({ kind: 'cosigned', cosignature: { line } });
    expect(asked).toBe(await log.request(5, 8));
    expect(requests.at(-1)).toBe('POST /prefix/add-checkpoint');
  });

  it.each([
    ['409 with a size', says(409, '5\n'), { kind: 'other-size', size: 5 }],
    ['409 without one', says(409), { kind: 'fork', sign: 'size-conflict' }],
    ['422', says(422), { kind: 'fork', sign: 'inconsistent' }],
    ['403', says(403), { kind: 'fork', sign: 'signature-refused' }],
    ['404', says(404), { kind: 'failed', why: 'log-unknown' }],
    ['400', says(400), { kind: 'failed', why: 'request-refused' }],
    ['500', says(500, 'oops'), { kind: 'failed', why: 'turned-away' }],
    ['429', says(429), { kind: 'failed', why: 'turned-away' }],
    ['a redirection', says(302), { kind: 'failed', why: 'no-answer' }],
    ['nonsense', says(200, '<html>\n'), { kind: 'failed', why: 'nonsense' }],
    ['more than anybody needs', says(200, 'x'.repeat(70_000)), { kind: 'failed', why: 'no-answer' }],
    [
      'a connection that is cut',
      (response: ServerResponse) => void response.destroy(),
      { kind: 'failed', why: 'no-answer' },
    ],
    ['silence', () => undefined, { kind: 'failed', why: 'no-answer' }],
    [
      'a body that never ends',
      (response: ServerResponse) => void response.writeHead(200).write('\u2014'),
      { kind: 'failed', why: 'no-answer' },
    ],
  ])('reads %s as it is meant', async (_what, how, expected) => {
    reply = how;
    expect(await add()).toEqual(expected);
  });

  it('reads what the witness remembers, if the log has signed it', async () => {
    reply = says(200, await log.note(5));
    expect(await client.memory()).toMatchObject({ size: 5 });
    expect(requests.at(-1)).toMatch(/^GET \/prefix\/[0-9a-f]{64}\/checkpoint$/u);
    reply = says(404);
    expect(await client.memory()).toBe('none');
    for (const how of [says(500), says(200, 'rubbish'), says(200, await TestLog.create('x.example', 5).note(5))]) {
      reply = how;
      expect(await client.memory()).toBe('no-answer');
    }
  });
});
