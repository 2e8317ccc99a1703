import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '#kernel';
import { CertificateAuthority, ensureKafkaCertificates, type KafkaCredentialFiles } from '#local';
import { silentLogger } from '../logger.js';
import { connectKafkaBus } from './kafka-bus.js';
import { kafkaPlace } from './kafka-place.js';
import { KafkaTls } from './kafka-tls.js';

const DAY_MS = 24 * 60 * 60_000;
let dir: string;
let files: KafkaCredentialFiles;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kerege-tls-spec-'));
  const made = await ensureKafkaCertificates(join(dir, 'good'), ['DEMO.gw1']);
  files = made.clients['DEMO.gw1']!;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function written(name: string, text: string, mode = 0o600): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** What is said of files that cannot be used. */
function problemOf(changes: Partial<KafkaCredentialFiles>, nowMs = Date.now()): unknown {
  try {
    new KafkaTls({ ...files, ...changes }, silentLogger, () => nowMs);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const problems = cause.extensions['problems'];
    return { code: cause.code, problem: Array.isArray(problems) ? problems[0] : undefined };
  }
}

const SECRET = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
const refused = (code: string, text: string) => ({ code, problem: expect.stringContaining(text) });

describe('the files for TLS with Kafka', () => {
  it('are taken as they are made', () => {
    expect(problemOf({})).toBeUndefined();
  });

  it.each([0o640, 0o604, 0o660])('are refused where others may read the key (%o)', (mode) => {
    const keyFile = written('open.key', SECRET, mode);
    expect(problemOf({ keyFile })).toEqual(refused('bus-key-file-mode', `chmod 600 ${keyFile}`));
  });

  it('are refused with what is wrong, and without what stands in them', () => {
    const gone = join(dir, 'nowhere.pem');
    expect(problemOf({ keyFile: gone })).toEqual(refused('bus-tls-files', 'cannot be read (ENOENT)'));
    expect(problemOf({ caFile: gone })).toEqual(refused('bus-tls-files', 'cannot be read (ENOENT)'));
    const rubbish = written('rubbish.pem', `-----BEGIN PRIVATE KEY-----\n${SECRET}\n`);
    for (const bad of [
      { caFile: rubbish },
      { certFile: rubbish },
      { keyFile: rubbish },
      { keyFile: written('e.key', '') },
    ]) {
      const told = problemOf(bad);
      expect(told).toMatchObject({ code: 'bus-tls-files' });
      expect(JSON.stringify(told)).not.toContain(SECRET);
    }
  });

  it('are refused where the key is that of another certificate', async () => {
    const other = await CertificateAuthority.make({ name: 'x', fromMs: 0, untilMs: Date.now() + DAY_MS });
    expect(problemOf({ keyFile: written('other.key', other.own.key) })).toEqual(
      refused('bus-tls-files', 'is not the private key of the certificate'),
    );
  });

  it('are refused before and after their time', () => {
    expect(problemOf({}, Date.now() + 1_000 * DAY_MS)).toEqual(refused('bus-tls-files', 'has ended on '));
    expect(problemOf({}, Date.now() - 10 * DAY_MS)).toEqual(refused('bus-tls-files', 'begins on '));
  });

  it('count anew with each connection; those from before stay in use while they cannot be used', async () => {
    const made = await ensureKafkaCertificates(join(dir, 'changing'), ['DEMO.gw1', 'DEMO.gw2']);
    const place = made.clients['DEMO.gw1']!;
    const tls = new KafkaTls(place, silentLogger);
    const first = tls.options();
    const renewed = await ensureKafkaCertificates(join(dir, 'changing'), ['DEMO.gw1'], Date.now() + 720 * DAY_MS);
    expect(renewed.clients['DEMO.gw1']).toEqual(place);
    const later = new KafkaTls(place, silentLogger, () => Date.now() + 721 * DAY_MS);
    expect(later.options().cert).not.toBe(first.cert);
    writeFileSync(place.certFile, 'half of');
    expect(later.options().cert).toBeDefined();
    expect(later.options().cert).not.toBe('half of');
  });
});

describe('kafkaPlace', () => {
  const settings = {
    kafkaBrokers: ['kafka.example:9093'],
    kafkaTlsCaFile: '',
    kafkaTlsCertFile: '',
    kafkaTlsKeyFile: '',
    isKafkaPlaintextAllowed: false,
  };

  it('takes all three files or none', () => {
    expect(kafkaPlace(settings)).toEqual({ brokers: ['kafka.example:9093'], isPlaintextAllowed: false });
    const some = { ...settings, kafkaTlsCaFile: files.caFile };
    expect(() => kafkaPlace(some)).toThrow(expect.objectContaining({ code: 'bus-tls-files' }));
    const all = { ...some, kafkaTlsCertFile: files.certFile, kafkaTlsKeyFile: files.keyFile };
    expect(kafkaPlace(all)).toEqual({ brokers: ['kafka.example:9093'], tls: files });
  });
});

describe('without TLS', () => {
  it.each(['kafka.example:9092', '10.0.0.1:9092', '127.0.0.1.example:9092', 'localhost.example:9092', '[::2]:9092'])(
    'no other machine is spoken to: %s',
    async (broker) => {
      const connecting = connectKafkaBus({ brokers: ['127.0.0.1:1', broker], clientId: 'x' });
      await expect(connecting).rejects.toMatchObject({ code: 'bus-plaintext-refused' });
    },
  );

  it('another machine is spoken to if that was said, with a loud warning', async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => void said.push(message) };
    // A name that nobody has, so nothing is sent.
    const connecting = connectKafkaBus({
      ...{ brokers: ['kafka.invalid:9092'], clientId: 'x', isPlaintextAllowed: true, logger },
      ...{ connectionTimeoutMs: 100, requestTimeoutMs: 100 },
    });
    await expect(connecting).rejects.toMatchObject({ code: 'bus-unavailable' });
    expect(said[0]).toContain('WITHOUT TLS');
  });
});
