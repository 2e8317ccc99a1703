import type { Bus } from '#bus';

/** The size that `kafka.md` was measured with. */
export const PAYLOAD_BYTES = 400;

export const OURS = { request: 'bench.ours.request', reply: 'bench.ours.reply' } as const;
/** Nest's client makes the second name of the first. */
export const STOCK = { request: 'bench-stock', reply: 'bench-stock.reply' } as const;
export const ONE_WAY = 'bench-one-way';

export async function createTopics(bus: Bus): Promise<void> {
  const names = [OURS.request, OURS.reply, STOCK.request, STOCK.reply, ONE_WAY];
  await bus.ensureTopics(names.map((name) => ({ name, partitions: 1, retentionMs: 600_000 })));
}
