import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { ServerProcess } from '../support/server-process';

const CALLERS = 16;
let folder: string;
let server: ServerProcess;

beforeAll(async () => {
  folder = await ServerProcess.newFolder();
  server = await ServerProcess.start(folder, { ONNX_WORKERS: '2' });
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
    expect(killed.length).toBeGreaterThanOrEqual(2); // both workers, and the process that models are tried in
    const rightBefore = counts.right;
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const killedAt = performance.now();
    const isBack = () =>
      counts.right > rightBefore + 100 && server.children().some((pid) => !killed.includes(pid));
    await until(isBack);
    expect(performance.now() - killedAt).toBeLessThan(2_000);
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  expect(counts.wrong).toBe(0);
  expect(counts.unavailable).toBeLessThanOrEqual(2 * CALLERS); // those in flight on both of the killed, at most
});

/** Looks whenever the event loop turns: predictions are under way, so it does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
