import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerReply } from '../../../../src/kernel/database/embedded-database';
import { program } from '../../../../src/kernel/program';

const MEBIBYTE = 1024 ** 2;
/** Of a mebibyte each. */
const ANSWERS = 200;
/** What the thread may have of values, in MiB: it ends where it keeps more. */
const MAY_KEEP_MIB = 100;

let folder: string;
let worker: Worker;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-embedded-worker-'));
  worker = new Worker(program(join(__dirname, '../../../../src/kernel/database/embedded-database-worker')), {
    ...{ workerData: { dataDir: join(folder, 'database') }, env: {} },
    resourceLimits: { maxOldGenerationSizeMb: MAY_KEEP_MIB },
  });
  await once(worker, 'message');
});
afterAll(async () => {
  await worker.terminate();
  await rm(folder, { recursive: true });
});

/** Rejects where the thread ends. */
async function answerTo(id: number, sql: string): Promise<Uint8Array> {
  const query = Buffer.from(`Q....${sql}\0`);
  query.writeInt32BE(query.length - 1, 1);
  const answered = once(worker, 'message') as Promise<[WorkerReply]>;
  worker.postMessage({ id, bytes: new Uint8Array(query) });
  const [reply] = await answered;
  return 'error' in reply ? Promise.reject(new Error(reply.error)) : reply.bytes;
}

test('what was answered is not kept', async () => {
  for (let id = 1; id <= ANSWERS; id += 1)
    expect((await answerTo(id, `SELECT repeat('x', ${MEBIBYTE})`)).length).toBeGreaterThan(MEBIBYTE);
});
