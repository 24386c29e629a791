import { WorkerPool } from '../../src/serving/worker/worker-pool';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';

const CALLERS = 16;
const WORKERS = 2;
let folder: string;
let server: ServerProcess;

beforeAll(async () => {
  folder = await ServerProcess.newFolder();
  server = await ServerProcess.start(folder, { ONNX_WORKERS: String(WORKERS) });
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'affine', weight: 1 }]);
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await ServerProcess.removeFolder(folder);
});

test('kill -9 of every worker under load gives no wrong answer, and is over within 2 s', async () => {
  const counts = { right: 0, unavailable: 0, wrong: 0 };
  let isOver = false;
  const caller = async (seed: number) => {
    for (let call = 0; !isOver; call += 1) {
      const row = Array.from({ length: 30 }, (_, index) => ((seed * 7 + call + index) % 16) / 8);
      const answer = await predict(server, {
        endpoint: 'scores',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: row }],
      });
      if (answer.__typename === 'UnavailableError') counts.unavailable += 1;
      else if (JSON.stringify(answer.outputs?.[0]?.data) === JSON.stringify(affineAnswer(row)))
        counts.right += 1;
      else counts.wrong += 1;
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, seed) => caller(seed));
  try {
    await until(() => counts.right > 200);
    const killed = server.children();
    expect(killed.length).toBeGreaterThanOrEqual(WORKERS); // both workers, and the process that models are tried in
    const rightBefore = counts.right;
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const killedAt = performance.now();
    const asLong = startMs();
    const isBack = () =>
      counts.right > rightBefore + 100 && server.children().some((pid) => !killed.includes(pid));
    await until(isBack);
    expect(performance.now() - killedAt).toBeLessThan(Math.max(2_000, 2 * (await asLong)));
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  expect(counts.wrong).toBe(0);
  expect(counts.unavailable).toBeLessThanOrEqual(2 * CALLERS); // those in flight on both of the killed, at most
});

/** What this machine needs just now to start as many workers, in ms. */
async function startMs(): Promise<number> {
  const worker = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
  const pool = new WorkerPool({ ...worker, workers: WORKERS });
  const startedAt = performance.now();
  await pool.start();
  const tookMs = performance.now() - startedAt;
  await pool.stop({ withinMs: 0 });
  return tookMs;
}
