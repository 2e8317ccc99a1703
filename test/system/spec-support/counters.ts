import { eventually } from '#testing';

/** Sum of a counter over all its series that carry these labels; 0 while there is none. */
export async function counterOf(url: string, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return (await answer.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Resolves when the counter stands at least so high. */
export async function reaches(count: () => Promise<number>, wanted: number): Promise<void> {
  await eventually(async () => (await count()) >= wanted, { timeoutMs: 30_000 });
}
