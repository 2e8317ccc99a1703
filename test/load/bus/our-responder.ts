import { connectKafkaBus } from '#bus';
import { OURS } from './topics.js';

/** The other end of a request over libs/bus: sends every record's bytes back. */
const bus = await connectKafkaBus({ brokers: (process.argv[2] ?? '').split(','), clientId: 'bench-responder' });
await bus.subscribe({
  topics: [OURS.request],
  group: 'bench-responder',
  startAt: { kind: 'committed' },
  maxInFlight: 10_000,
  each: (record) => bus.publish([{ topic: OURS.reply, partition: 0, value: record.value }]),
  onError: (cause) => process.stderr.write(`${String(cause)}\n`),
});
process.stdout.write('ready\n');
