// BullMQ: noop jobs of 200 bytes through one queue and one worker process.
//   node bench.mjs --redis redis://127.0.0.1:PORT --jobs N --concurrency C [--batch 500] [--in-flight 4]
// Enqueues with addBulk (one pipeline per call), --in-flight calls at a time. The queue is full before the worker starts.
// Completed jobs are removed, which is less work for Redis than BullMQ's default of keeping them.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Queue, Worker } from 'bullmq';

const text = (fallback) => ({ type: 'string', default: fallback });
const { values } = parseArgs({
  options: { redis: text('redis://127.0.0.1:6379'), jobs: text('50000'), concurrency: text('100'), batch: text('500'), 'in-flight': text('4') },
});
const [jobs, concurrency, batch, inFlight] = ['jobs', 'concurrency', 'batch', 'in-flight'].map((name) => Number(values[name]));
const { hostname, port } = new URL(values.redis);
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
const perSecond = (started) => Math.round(jobs / ((performance.now() - started) / 1000));

const job = { name: 'noop', data: 'x'.repeat(198), opts: { removeOnComplete: true, removeOnFail: true } }; // 200 as JSON
const queue = new Queue('bench', { connection });
await queue.waitUntilReady();

let left = jobs;
let started = performance.now();
await Promise.all(
  Array.from({ length: inFlight }, async () => {
    while (left > 0) {
      const size = Math.min(batch, left);
      left -= size;
      await queue.addBulk(Array.from({ length: size }, () => job));
    }
  }),
);
const enqueue_per_s = perSecond(started);

const worker = new Worker('bench', async () => {}, { connection, concurrency, autorun: false });
await worker.waitUntilReady();
started = performance.now();
await new Promise((resolve, reject) => {
  let done = 0;
  worker.on('completed', () => ++done === jobs && resolve()); // after Redis has acknowledged it
  worker.on('failed', (_, error) => reject(error));
  worker.on('error', reject);
  worker.run().catch(reject);
});
const process_per_s = perSecond(started);

const counts = await queue.getJobCounts('waiting', 'active', 'failed', 'delayed');
if (Object.values(counts).some(Boolean)) throw new Error(`jobs are left: ${JSON.stringify(counts)}`);
const version = createRequire(import.meta.url)('bullmq/package.json').version;
const how = `addBulk of ${batch}, ${inFlight} in flight; one process, concurrency ${concurrency}`;
console.log(JSON.stringify({ peer: 'bullmq', version, jobs, enqueue_per_s, process_per_s, how }));
process.exit(0);
