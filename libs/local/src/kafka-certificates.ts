import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CertificateAuthority, type Issued } from './certificate-authority.js';
import type { KafkaSecurity } from './kafka.js';
import { writeWhole } from './write-whole.js';

/** Where a client of the broker finds what it shows and whom it believes; PEM files, as `KAFKA_TLS_…` name them. */
export interface KafkaCredentialFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface KafkaCertificates {
  /** For `startKafka`. */
  readonly security: KafkaSecurity;
  readonly operator: KafkaCredentialFiles;
  /** By common name, which is the principal. */
  readonly clients: Readonly<Record<string, KafkaCredentialFiles>>;
}

/** May do everything: whoever runs the broker, for what no process of the bus does. */
const OPERATOR = 'operator';
const BROKER = 'broker';

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_MS = 3650 * DAY_MS;
const CERTIFICATE_MS = 730 * DAY_MS;
/** What ends sooner is made anew. */
const MARGIN_MS = 30 * DAY_MS;
/** Clocks of two machines differ. */
const BEFORE_MS = 60 * 60_000;

/**
 * Makes an authority, the broker's certificate and one for each client, and leaves alone what is there and lasts. Each
 * file appears whole or not at all; private keys are their owner's alone.
 */
export async function ensureKafkaCertificates(
  dir: string,
  clients: readonly string[],
  nowMs = Date.now(),
): Promise<KafkaCertificates> {
  const place = resolve(dir);
  await mkdir(place, { recursive: true, mode: 0o700 });
  const authority = await ensureAuthority(place, nowMs);
  const caFile = join(place, 'ca.pem');
  const issue = { place, authority, nowMs };
  const broker = await ensureIssued({ ...issue, name: BROKER, isServer: true });
  const keystoreFile = join(place, `${BROKER}.keystore.pem`);
  await writeWhole(keystoreFile, broker.key + broker.cert);
  const client = async (name: string): Promise<KafkaCredentialFiles> => {
    await ensureIssued({ ...issue, name, isServer: false });
    return { caFile, certFile: join(place, `${name}.pem`), keyFile: join(place, `${name}.key`) };
  };
  const files: Record<string, KafkaCredentialFiles> = {};
  for (const name of clients) files[name] = await client(name);
  const security = { keystoreFile, caFile, superUsers: [BROKER, OPERATOR] };
  return { security, operator: await client(OPERATOR), clients: files };
}

async function ensureAuthority(place: string, nowMs: number): Promise<CertificateAuthority> {
  const standing = await issuedAt(place, 'ca');
  if (standing !== undefined && lasts(standing, nowMs)) return CertificateAuthority.from(standing);
  const { fromMs, untilMs } = validFor(AUTHORITY_MS, nowMs);
  const authority = await CertificateAuthority.make({ name: 'Kerege sandbox Kafka authority', fromMs, untilMs });
  await writeIssued(place, 'ca', authority.own);
  return authority;
}

interface Wanted {
  readonly place: string;
  readonly name: string;
  readonly isServer: boolean;
  readonly authority: CertificateAuthority;
  readonly nowMs: number;
}

async function ensureIssued({ place, name, isServer, authority, nowMs }: Wanted): Promise<Issued> {
  const standing = await issuedAt(place, name);
  if (standing !== undefined && lasts(standing, nowMs) && isOf(standing, authority)) return standing;
  const fresh = await authority.issue({ name, isServer, ...validFor(CERTIFICATE_MS, nowMs) });
  await writeIssued(place, name, fresh);
  return fresh;
}

function validFor(lifetimeMs: number, nowMs: number) {
  return { fromMs: nowMs - BEFORE_MS, untilMs: nowMs + lifetimeMs };
}

function lasts({ cert }: Issued, nowMs: number): boolean {
  return Date.parse(new X509Certificate(cert).validTo) > nowMs + MARGIN_MS;
}

function isOf({ cert }: Issued, authority: CertificateAuthority): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(authority.own.cert).publicKey);
}

async function issuedAt(place: string, name: string): Promise<Issued | undefined> {
  const [cert, key] = await Promise.all(
    [`${name}.pem`, `${name}.key`].map((file) => readFile(join(place, file), 'utf8').catch(() => undefined)),
  );
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** The key first: a certificate without its key would be taken for whole by nobody. */
async function writeIssued(place: string, name: string, { cert, key }: Issued): Promise<void> {
  await writeWhole(join(place, `${name}.key`), key);
  await writeWhole(join(place, `${name}.pem`), cert, 0o644);
}
