import { request } from 'undici';

const MEBIBYTE = 1024 * 1024;

/** The sum of a metric over its labels, as a process tells it. */
export async function metricOf(url: string, name: string): Promise<number> {
  const { body } = await request(`${url}/metrics`);
  const lines = (await body.text())
    .split('\n')
    .filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length] ?? ''));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Resident memory of a process, MiB. */
export async function memoryOf(url: string): Promise<number> {
  return Math.round((await metricOf(url, 'process_resident_memory_bytes')) / MEBIBYTE);
}
