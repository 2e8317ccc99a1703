import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { findKafka } from '#local';
import { loadErrors } from '../harness/load.errors.js';
import { ONE_WAY, PAYLOAD_BYTES } from './topics.js';

export interface OneWayLatency {
  /** Milliseconds; the tool gives whole ones for percentiles. */
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** Kafka's own measure of one record's way through the broker, one at a time, acknowledged by all replicas. */
export async function endToEndLatency(brokers: string, records: number): Promise<OneWayLatency> {
  const home = await findKafka();
  if (!home.ok) throw loadErrors.error('bench-tool-failed', { details: { ...home.reason } });
  const tool = [
    'org.apache.kafka.tools.EndToEndLatency',
    brokers,
    ONE_WAY,
    String(records),
    'all',
    String(PAYLOAD_BYTES),
  ];
  const output = await run(home.value.java, ['-cp', join(home.value.libs, '*'), ...tool]);
  const [, mean] = /Avg latency: ([\d.]+)/.exec(output) ?? [];
  const [, p50, p99] = /50th = (\d+), 99th = (\d+)/.exec(output) ?? [];
  if (mean === undefined) throw loadErrors.error('bench-tool-failed', { details: { output: output.slice(-500) } });
  return { mean: Number(mean), p50: Number(p50), p99: Number(p99) };
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 120_000 }, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}
