import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '#local';
import { generateSigningKey, publicJwk, type Statement } from '#signing';
import { cosigner, ed25519Seed, makeVkey } from '#tlog';
import { AuditNetwork, CONSUMER } from '../audit/audit-network.js';
import { AUDITOR, OTHER, READERS, ReaderClient, waitForIndex, worldOfReaders } from '../audit/readers.js';

/** The package that a court gets, judged by a script that owes nothing to us: openssl, unzip, sha256sum, Python. */
jest.setTimeout(120_000);

const run = promisify(execFile);
const SCRIPT = join(repositoryRoot(), 'test/conformance/verify-package.sh');
const missing = ['openssl', 'unzip', 'zip', 'sha256sum', 'python3'].filter(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
);
const described = missing.length === 0 ? describe : describe.skip;

let directory: string;
let network: AuditNetwork;
let client: ReaderClient;
let requested: Statement;
let answered: Statement;
let trustFile: string;

/** A package as a file, as that reader gets it. */
async function fetchPackage(reader: string, query: string): Promise<string> {
  const answer = await client.get(reader, `/v1/packages?${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
  const file = join(directory, `${answer.headers.get('kerege-access-leaf')}.zip`);
  writeFileSync(file, answer.body);
  return file;
}

async function judge(file: string, trust = trustFile): Promise<{ code: number; text: string }> {
  try {
    const { stdout } = await run(SCRIPT, [file, trust]);
    return { code: 0, text: stdout };
  } catch (cause) {
    const { code, stdout, stderr } = cause as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

/** The package with one file changed, its sums made anew: what a forger would hand over. */
async function forged(file: string, name: string, edit: (bytes: Buffer) => Buffer | string): Promise<string> {
  const work = mkdtempSync(join(directory, 'forged-'));
  await run('unzip', ['-q', file, '-d', work]);
  writeFileSync(join(work, name), edit(readFileSync(join(work, name))));
  await run('sh', ['-c', 'find . -type f ! -name SHA256SUMS | sed "s,^./,," | xargs sha256sum > SHA256SUMS'], {
    cwd: work,
  });
  await run('zip', ['-q', '-r', `${work}.zip`, '.'], { cwd: work });
  return `${work}.zip`;
}

described('an evidence package', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kerege-package-'));
    network = await AuditNetwork.create();
    const app = await network.start(READERS);
    client = new ReaderClient(network, app.url);
    await network.enact(await worldOfReaders(network));
    requested = await network.requested();
    answered = await network.answered(requested);
    for (const statement of [requested, answered]) await network.stampAndWait(statement);
    // Another snapshot, so that two manifests govern what a query finds.
    await network.enact(await worldOfReaders(network, 2));
    for (let n = 0; n < 5; n += 1) await network.stampAndWait(await network.requested());
    await waitForIndex(network);
    trustFile = network.config().trustFile;
  });
  afterAll(async () => {
    await network.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('of one exchange is verified without us', async () => {
    const { code, text } = await judge(await fetchPackage(CONSUMER, `exchange=${requested.payload.id}`));
    expect(text).toContain(`exchange.requested  exchange ${requested.payload.id}  signed by ${CONSUMER}`);
    expect(text).toContain(`exchange.answered  exchange ${answered.payload.id}  signed by TEST/GOV/1001/population`);
    expect([code, text.includes('VERIFIED: 2 leaves')]).toEqual([0, true]);
  });

  it('of an auditor’s query is verified, with manifests, conflicts and the record of queries in it', async () => {
    const { code, text } = await judge(await fetchPackage(AUDITOR, ''));
    expect([code, text]).toEqual([0, expect.stringContaining('access.packaged')]);
    expect(text).toContain('registry.manifest');
  });

  it('holds nothing of others, and does not exist where nothing is found', async () => {
    const { status, json } = await client.get(OTHER, `/v1/packages?exchange=${requested.payload.id}`);
    expect([status, json.code]).toEqual([404, 'package-empty']);
  });

  it('is judged by trust.json alone: with another log’s or registry’s key it proves nothing', async () => {
    const file = await fetchPackage(CONSUMER, `exchange=${requested.payload.id}`);
    const trust = JSON.parse(readFileSync(trustFile, 'utf8'));
    const stranger = generateSigningKey();
    const [name = ''] = trust.logs[0].split('+');
    const others = {
      log: { ...trust, logs: [makeVkey(name, Buffer.from(stranger.x, 'base64url'))] },
      registry: { ...trust, registry: [{ ...publicJwk(stranger), kid: trust.registry[0].kid }] },
    };
    for (const [what, other] of Object.entries(others)) {
      const foreign = join(directory, `${what}.json`);
      writeFileSync(foreign, JSON.stringify(other));
      expect([what, (await judge(file, foreign)).code]).toEqual([what, 1]);
    }
  });

  it('does not survive a change of any file that it rests on, though its sums were made anew', async () => {
    const file = await fetchPackage(CONSUMER, `exchange=${requested.payload.id}`);
    const { stdout } = await run('unzip', ['-Z1', file]);
    const names = stdout.trim().split('\n');
    const checked = names.filter((name) => !['README.txt', 'SHA256SUMS', 'contents.json'].includes(name));
    expect(checked.length).toBeGreaterThanOrEqual(9);
    const flipped = (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      const at = Math.floor(changed.length / 2);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    };
    for (const name of checked) {
      const { code, text } = await judge(await forged(file, name, flipped));
      expect([name, code === 0 || text.includes('\nVERIFIED')]).toEqual([name, false]);
    }
    const misled = await forged(file, 'contents.json', (bytes) =>
      bytes.toString().replace('"manifest": 0', '"manifest": 1'),
    );
    expect((await judge(misled)).code).not.toBe(0);
  });

  it('that was damaged on the way is told apart from a forged one', async () => {
    const file = await fetchPackage(CONSUMER, `exchange=${requested.payload.id}`);
    const work = mkdtempSync(join(directory, 'damaged-'));
    await run('unzip', ['-q', file, '-d', work]);
    writeFileSync(join(work, 'README.txt'), 'another text');
    await run('zip', ['-q', '-r', `${work}.zip`, '.'], { cwd: work });
    expect(await judge(`${work}.zip`)).toMatchObject({ code: 1, text: expect.stringContaining('damaged on the way') });
  });

  it('takes the checkpoint that was cosigned and time-stamped, if there is one', async () => {
    const { size, note } = await network.head();
    const line = await cosignatureLine(note);
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    const { token, root } = await timestamp(text);
    await network.database.query(
      `INSERT INTO audit.log_anchor (log_id, size, kind, source, data) VALUES (1, $1, 'note', 'log', $2),
         (1, $1, 'cosignature', 'witness.example', $3), (1, $1, 'timestamp', 'tsa.example', $4)`,
      [size, Buffer.from(note), Buffer.from(line), token],
    );
    const file = await fetchPackage(AUDITOR, `exchange=${requested.payload.id}`);
    const { stdout } = await run('unzip', ['-p', file, 'checkpoint']);
    expect(stdout).toBe(note + line);
    const unrooted = await judge(file);
    expect(unrooted.text).toContain('trust.json names no roots');
    expect(unrooted.text).toContain(`VERIFIED: 2 leaves in the tree of ${size} of`);
    const trust = JSON.parse(readFileSync(trustFile, 'utf8'));
    const rooted = (name: string, pem: string) => {
      const place = join(directory, name);
      writeFileSync(place, JSON.stringify({ ...trust, timestampRoots: [pem] }));
      return place;
    };
    expect((await judge(file, rooted('rooted.json', root))).text).toContain('1 time-stamps are good');
    const stranger = await timestamp(text);
    expect((await judge(file, rooted('strange.json', stranger.root))).code).toBe(1);
  });
});

/** As a witness would have answered. */
async function cosignatureLine(note: string): Promise<string> {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
  const witness = cosigner('witness.example', publicKey, sign, () => 1_790_000_000);
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  return `\u2014 ${witness.name} ${Buffer.from(await witness.line(text)).toString('base64')}\n`;
}

const TSA_CONFIG = `[tsa1]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`;

/** An RFC 3161 answer over the text, by an authority made for this call, and the root to check it with. */
async function timestamp(text: string): Promise<{ token: Buffer; root: string }> {
  const work = mkdtempSync(join(directory, 'tsa-'));
  const openssl = (...args: string[]) => run('openssl', args, { cwd: work });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(join(work, 'tsa.cnf'), TSA_CONFIG);
  writeFileSync(join(work, 'use'), 'extendedKeyUsage = critical,timeStamping\n');
  writeFileSync(join(work, 'text'), text);
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test root', '-days', '2');
  await openssl('req', ...key, '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/CN=Test authority');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'use'];
  await openssl('x509', '-req', '-in', 'tsa.csr', ...signing, '-out', 'tsa.pem');
  await openssl('ts', '-query', '-data', 'text', '-sha256', '-cert', '-out', 'query');
  await openssl('ts', '-reply', '-config', 'tsa.cnf', '-section', 'tsa1', '-queryfile', 'query', '-out', 'answer');
  return { token: readFileSync(join(work, 'answer')), root: readFileSync(join(work, 'ca.pem'), 'utf8') };
}
