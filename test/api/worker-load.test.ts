import { scrape } from '../support/metrics-client';
import { fakeNvidiaSmi, says, TWO_CARDS } from '../support/nvidia-smi';
import { scaled, RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const LOAD = `{ workerLoad {
  workers { id node state problem provider skippedProviders { provider reason } restarts modelCount rssBytes budgetBytes }
  gpus { node workers index uuid name utilisation memoryUsedBytes memoryTotalBytes temperatureC powerW powerLimitW }
  undiscovered queuedRows queuedBytes batches rows closed { reason count } } }`;

interface Load {
  readonly workers: readonly { readonly modelCount: number }[];
  readonly closed: readonly { readonly count: number }[];
}
const load = async () => (await server.data<{ workerLoad: Load }>(LOAD)).workerLoad;

let server: TestServer;
let remove: () => Promise<void>;
beforeAll(async () => {
  const program = await fakeNvidiaSmi(says(TWO_CARDS));
  remove = program.remove;
  server = await startTestServer({ PATH: program.path, ONNX_WORKERS: '2' });
});
afterAll(async () => {
  await server.stop();
  await remove();
});

test('workers are shown with their memory and provider, beside the cards of the machine', async () => {
  await new RegistryClient(server).version('small', scaled(2));
  await deployEndpoint(server, 'loaded', [{ ref: 'small@1.0.0', weight: 1 }]);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }];
  await predict(server, { endpoint: 'loaded', inputs });
  let workerLoad = await load();
  while (!workerLoad.workers.every(({ modelCount }) => modelCount === 1)) workerLoad = await load();
  const worker = {
    node: null,
    problem: null,
    provider: 'cpu',
    skippedProviders: [],
    restarts: 0,
    modelCount: 1,
  };
  expect(workerLoad).toMatchObject({
    workers: [
      { id: 0, ...worker, rssBytes: expect.any(Number) },
      { id: 1, ...worker, budgetBytes: expect.any(Number) },
    ],
    gpus: [
      {
        node: null,
        workers: [],
        index: 0,
        name: 'NVIDIA H100 80GB HBM3',
        utilisation: 0.37,
        memoryUsedBytes: 1843 * 1024 ** 2,
      },
      { index: 1, utilisation: null, temperatureC: 33, powerW: null },
    ],
    ...{ undiscovered: [], queuedRows: 0, queuedBytes: 0, batches: 1, rows: 3 },
  });
  expect(workerLoad.closed.reduce((sum, { count }) => sum + count, 0)).toBe(1);
});

test('Prometheus gets the cards under Triton’s names, without what they do not tell', async () => {
  const lines = await scrape(server);
  const values = (name: string) => lines.filter((line) => line.name === name).map(({ value }) => value);
  expect(values('nv_gpu_utilization')).toEqual([0.37]);
  expect(values('nv_gpu_memory_total_bytes')).toEqual([81559 * 1024 ** 2, 24564 * 1024 ** 2]);
  expect(values('nv_gpu_memory_used_bytes')).toEqual([1843 * 1024 ** 2, 5 * 1024 ** 2]);
  expect(values('nv_gpu_power_usage')).toEqual([118.32]);
  expect(lines.find(({ name }) => name === 'nv_gpu_utilization')?.labels).toEqual({
    gpu_uuid: 'GPU-6a5f1c8e-0f7d-6c5c-9d2a-3f0b6d1e2a4b',
  });
});
