import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { fromBase64Url } from '#kernel';
import { cosigner, ed25519Seed, parseVkey, type NoteKey, type NoteSigner } from '#tlog';
import { witnessServer, type Report } from './witness.controller.js';
import { witnessErrors } from './witness.errors.js';
import { Witness } from './witness.service.js';
import { WitnessStore } from './witness.store.js';

export interface WitnessSettings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Name in its cosignature lines, e.g. `witness.example.org/w1`. */
  readonly name: string;
  /** JWK set whose last signing key it cosigns with. */
  readonly keyFile: string;
  /** `trust.json`, whose logs it witnesses. */
  readonly trustFile: string;
  readonly directory: string;
}

export interface RunningWitness {
  readonly url: string;
  readonly vkey: string;
  close(): Promise<void>;
}

const MAX_WAITING = 32;

/** Starts a witness; resolves when it serves. Refuses to start with a memory that cannot be read. */
export async function startWitness(settings: WitnessSettings, report: Report): Promise<RunningWitness> {
  const signer = await readSigner(settings);
  const ownKey = keyOf(signer.vkey);
  const logs = await readLogs(settings.trustFile);
  const store = new WitnessStore(settings.directory, ownKey);
  await store.prepare();
  const witness = new Witness({ logs, signer, store, maxWaiting: MAX_WAITING });
  await witness.prepare();
  const server = witnessServer(witness, report);
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    await closed;
  };
  return { url: `http://${settings.host}:${port}`, vkey: signer.vkey, close };
}

async function readSigner({ name, keyFile }: WitnessSettings): Promise<NoteSigner> {
  const file = await readJson(keyFile);
  const keys: unknown = property(file, 'keys');
  const secret = property(Array.isArray(keys) ? keys.at(-1) : undefined, 'd');
  const seed = typeof secret === 'string' ? fromBase64Url(secret) : undefined;
  if (seed?.length !== 32) throw witnessErrors.error('witness-settings', { details: { what: 'key file' } });
  const { publicKey, sign } = ed25519Seed(seed);
  return cosigner(name, publicKey, sign, () => Math.floor(Date.now() / 1_000));
}

async function readLogs(trustFile: string): Promise<NoteKey[]> {
  const vkeys: unknown = property(await readJson(trustFile), 'logs');
  const logs = Array.isArray(vkeys) ? vkeys.map((vkey: unknown) => keyOf(typeof vkey === 'string' ? vkey : '')) : [];
  if (logs.length === 0) throw witnessErrors.error('witness-settings', { details: { what: 'no logs' } });
  return logs;
}

function keyOf(vkey: string): NoteKey {
  const parsed = parseVkey(vkey);
  if (!parsed.ok) throw witnessErrors.error('witness-settings', { details: { what: parsed.reason } });
  return parsed.value;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // The text may hold a private key: the file is named, nothing of it quoted.
    throw witnessErrors.error('witness-settings', { details: { what: 'file', file } });
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
