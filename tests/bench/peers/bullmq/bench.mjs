// BullMQ: noop jobs of 200 bytes through one queue and one worker process.
//   node bench.mjs PORT JOBS CONCURRENCY
// Enqueues with addBulk, 100 at a time, ten calls in flight: the fastest way its own documentation offers.
import { Queue, Worker } from 'bullmq';

const [port, count, concurrency] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const options = { removeOnComplete: true, removeOnFail: true };
const queue = new Queue('bench', { connection });
await queue.waitUntilReady();

const data = { prompt: 'x'.repeat(200) };
const batch = Array.from({ length: 100 }, () => ({ name: 'noop', data, opts: options }));
let started = performance.now();
let left = count / batch.length;
await Promise.all(
  Array.from({ length: 10 }, async () => {
    while (left-- > 0) await queue.addBulk(batch);
  }),
);
const enqueued = count / ((performance.now() - started) / 1000);

started = performance.now();
let done = 0;
await new Promise((resolve) => {
  new Worker('bench', async () => {}, { connection, concurrency }).on('completed', () => {
    if (++done === count) resolve();
  });
});
const processed = count / ((performance.now() - started) / 1000);
console.log(JSON.stringify({ peer: 'bullmq', concurrency, enqueue_per_s: Math.round(enqueued), process_per_s: Math.round(processed) }));
process.exit(0);
