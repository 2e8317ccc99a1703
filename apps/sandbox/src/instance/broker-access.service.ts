import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectKafkaBus } from '#bus';
import { principalOf, rightsByHand } from '#contracts';
import { ensureKafkaCertificates, type KafkaCertificates } from '#local';
import { INSTANCE, SECOND_GATEWAY } from './layout.js';

/** Every process that comes to the broker. */
const PROCESSES = ['registry1', 'audit1', 'feedback1', 'gw1', SECOND_GATEWAY, 'cn1', 'cn2'];
const REGISTRY = `${INSTANCE}/registry1`;

/** What the sandbox's broker and its clients show each other. */
export interface BrokerAccess extends KafkaCertificates {
  /** No process of this folder has come to a broker with access lists before. */
  readonly isNew: boolean;
}

/** In `data/tls`: made at the first start, kept, and renewed in time by a later one. */
export async function ensureBrokerAccess(dataDir: string): Promise<BrokerAccess> {
  const dir = join(dataDir, 'tls');
  const isNew = !existsSync(dir);
  const names = PROCESSES.map((id) => principalOf(`${INSTANCE}/${id}`));
  const certificates = await ensureKafkaCertificates(dir, names);
  return { ...certificates, isNew };
}

/**
 * What an operator does by hand, once for a broker: lets the registry make topics and write the lists. The mark lies
 * with the broker's own data, so that a broker that was made anew is told anew.
 */
export async function admitRegistry(brokers: string, kafkaDir: string, access: BrokerAccess): Promise<void> {
  const mark = join(kafkaDir, 'registry-admitted');
  if (existsSync(mark)) return;
  const bus = await connectKafkaBus({ brokers: [brokers], clientId: 'operator', tls: access.operator });
  try {
    await bus.access?.grant(rightsByHand(REGISTRY));
  } finally {
    await bus.close();
  }
  await writeFile(mark, '');
}
