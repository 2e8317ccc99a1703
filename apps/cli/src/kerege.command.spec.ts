import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify } from 'jose';
import { verifyMemberEntry } from '#snapshot';
import { runKerege } from './kerege.command.js';

const DEFINITION = `instance: DEMO
members:
  - id: GOV/1
    name: { en: One }
    subsystems: [{ code: s, services: [{ code: v, openapi: v.yaml }] }]
instances: [{ id: registry1, kind: registry, runBy: GOV/1 }, { id: gw1, kind: gateway, runBy: GOV/1 }]
`;
const OPENAPI = 'openapi: 3.1.0\ninfo: { title: v, version: "1" }\npaths: { /: { get: { responses: {} } } }\n';

interface Sent {
  documents: { member: string; document: string; keyChain: string[] }[];
  openapi: object[];
  dryRun: boolean;
}

describe('kerege', () => {
  let dir: string;
  let server: Server;
  let url: string;
  let sent: Sent[];
  let answer: { status: number; body: object };
  let out: string;
  let told: string;

  const run = async (...args: string[]) => {
    out = '';
    told = '';
    return runKerege(args, {
      out: (text) => void (out += text),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, text) => text,
    });
  };
  const apply = (...more: string[]) =>
    run('apply', '-f', join(dir, 'instance.yaml'), '--keys', join(dir, 'keys'), '--registry', url, ...more);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-cli-'));
    await writeFile(join(dir, 'instance.yaml'), DEFINITION);
    await writeFile(join(dir, 'v.yaml'), OPENAPI);
    sent = [];
    const change = { op: 'add', kind: 'member', id: 'DEMO/GOV/1' };
    answer = { status: 200, body: { changes: [change], number: 2, applied: true, inForce: true } };
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        sent.push(JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  it('makes missing keys for the owner alone, signs, sends, and tells the difference', async () => {
    expect(await apply()).toBe(0);
    expect(out).toBe('+ member     DEMO/GOV/1\n');
    expect(told).toContain('1 added, 0 changed, 0 removed. Snapshot 2 is in force.');
    const files = await readdir(join(dir, 'keys'));
    expect(files.sort()).toEqual(['DEMO.GOV.1.jwk', 'DEMO.GOV.1.s.jwk', 'DEMO.gw1.jwk', 'DEMO.registry1.jwk']);
    for (const file of files) expect((await stat(join(dir, 'keys', file))).mode & 0o777).toBe(0o600);
    const [entry] = sent[0]?.documents ?? [];
    expect(entry !== undefined && verifyMemberEntry({ id: entry.member, ...entry, ...{ member: undefined } }).ok).toBe(
      true,
    );
  });

  it('says the same the second time, but for when it was signed, and later than the first', async () => {
    await apply();
    await apply();
    const [first, second] = sent.map((request) => request.documents.map(({ document }) => payloadOf(document)));
    const unsigned = (documents: typeof first) => documents?.map(({ signedAt: _signedAt, ...said }) => said);
    expect(unsigned(second)).toEqual(unsigned(first));
    expect((second?.[0]?.signedAt ?? '') > (first?.[0]?.signedAt ?? '')).toBe(true);
    expect(sent[1]?.documents.map(({ keyChain }) => keyChain)).toEqual(
      sent[0]?.documents.map(({ keyChain }) => keyChain),
    );
  });

  it('leaves no key behind in a dry run', async () => {
    expect(await apply('--dry-run')).toBe(0);
    expect(sent[0]?.dryRun).toBe(true);
    await expect(readdir(join(dir, 'keys'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('names file, line and column of what is wrong, here and at the registry', async () => {
    await writeFile(join(dir, 'instance.yaml'), DEFINITION.replace('runBy: GOV/1 }', 'runBy: GOV/2 }'));
    expect(await apply()).toBe(1);
    expect(told).toMatch(/instance\.yaml:6:\d+ definition-dangling instances\[0\]\.runBy: no member "GOV\/2"/);
    expect(sent).toEqual([]);
    await writeFile(join(dir, 'instance.yaml'), DEFINITION);
    const problem = { code: 'key-chain-rewritten', line: 3, column: 9, path: 'members[0].id', message: 'other key' };
    answer = { status: 422, body: { code: 'definition-refused', problems: [problem] } };
    expect(await apply()).toBe(1);
    expect(told).toContain('instance.yaml:3:9 key-chain-rewritten members[0].id: other key');
    expect(told).toContain('Next:');
  });

  it('names the place of a data element that no answer describes', async () => {
    const place = '{ service: GOV/1/s/v, endpoint: GET /, pointer: /born, element: birth }';
    const elements = `elements: [{ id: birth, owner: GOV/1/s, title: { en: Birth } }]\nelementPlaces:\n  - ${place}\n`;
    await writeFile(join(dir, 'instance.yaml'), DEFINITION + elements);
    expect(await apply()).toBe(1);
    expect(told).toMatch(
      /instance\.yaml:9:\d+ element-pointer-unknown elementPlaces\[0\]\.pointer: no answer of "GET \/"/,
    );
    expect(sent).toEqual([]);
  });

  it('says when a key file can be read by others', async () => {
    await apply();
    await writeFile(join(dir, 'keys', 'x.jwk'), '{}', { mode: 0o644 });
    expect(await apply()).toBe(1);
    expect(told).toContain('key-file-mode');
  });

  it.each([
    ['usage', ['apply'], 2],
    ['an unknown command', ['nonsense'], 2],
    ['help', ['--help'], 0],
    ['nobody there', ['apply', '-f', 'FILE', '--keys', 'KEYS', '--registry', 'http://127.0.0.1:1'], 3],
    ['no trust file', ['verify', 'x', '--trust', '/none'], 1],
  ])('has an exit code for %s', async (_what, args, code) => {
    const filled = args.map((arg) =>
      arg === 'FILE' ? join(dir, 'instance.yaml') : arg === 'KEYS' ? join(dir, 'k') : arg,
    );
    expect(await run(...filled)).toBe(code);
    if (code !== 0) expect(told).toMatch(/Next: .+/);
  });

  it('makes a token with which a subsystem reads the log, from its newest key, and never shows the key', async () => {
    await apply();
    const keys = join(dir, 'keys');
    const audience = 'https://audit.test.example';
    expect(await run('token', '--as', 'DEMO/GOV/1/s', '--audience', audience, '--keys', keys)).toBe(0);
    const [key] = JSON.parse(await readFile(join(keys, 'DEMO.GOV.1.s.jwk'), 'utf8')).keys;
    const { protectedHeader, payload } = await jwtVerify(
      out.trim(),
      await importJWK({ kty: key.kty, crv: key.crv, x: key.x }, 'EdDSA'),
      {
        audience,
      },
    );
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: key.kid, typ: 'kerege-reader+jwt' });
    expect(payload).toMatchObject({ iss: 'DEMO/GOV/1/s', sub: 'DEMO/GOV/1/s', jti: expect.stringMatching(/.{8}/) });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(out + told).not.toContain(key.d);
    expect(await run('token', '--as', 'DEMO/GOV/1/nobody', '--keys', keys)).toBe(1);
    expect(told).toContain('file-unreadable');
    await writeFile(join(keys, 'DEMO.GOV.1.t.jwk'), '{"keys":[]}', { mode: 0o600 });
    expect(await run('token', '--as', 'DEMO/GOV/1/t', '--keys', keys)).toBe(1);
    expect(told).toContain('key-file-unusable');
  });

  it('refuses evidence that proves nothing, in words and in JSON', async () => {
    await writeFile(join(dir, 'evidence.json'), '{}');
    await writeFile(join(dir, 'trust.json'), '{}');
    const args = ['verify', join(dir, 'evidence.json'), '--trust', join(dir, 'trust.json')];
    expect(await run(...args, '--json')).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ verified: false, code: 'trust-invalid' });
    expect(told).toContain('NOT VERIFIED');
  });

  it('empties data, but not those of a running instance nor a stranger’s folder', async () => {
    const data = join(dir, 'data');
    await mkdir(join(data, 'keys'), { recursive: true });
    await writeFile(join(data, 'trust.json'), '{}');
    await writeFile(join(data, 'run.json'), JSON.stringify({ supervisor: { pid: process.pid }, processes: [] }));
    expect(await run('reset', '--data', data)).toBe(1);
    expect(told).toContain('instance-running');
    await writeFile(join(data, 'run.json'), JSON.stringify({ supervisor: { pid: 2 ** 30 }, processes: [] }));
    expect(await run('reset', '--data', data)).toBe(0);
    expect(await readdir(data)).toEqual([]);
    await writeFile(join(data, 'thesis.txt'), 'x');
    expect(await run('reset', '--data', data)).toBe(1);
    expect(await readdir(data)).toEqual(['thesis.txt']);
  });
});

function payloadOf(document: string): { signedAt?: string } {
  return JSON.parse(Buffer.from(document.split('.')[1] ?? '', 'base64url').toString()) as { signedAt?: string };
}
