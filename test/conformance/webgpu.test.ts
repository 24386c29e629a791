import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerPool } from '../../src/serving/worker/worker-pool';
import { mlp, modelFile } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { SWIFTSHADER } from '../support/swiftshader';
import { startTestServer } from '../support/test-server';

if (!SWIFTSHADER) {
  console.warn('NOT TESTED: the WebGPU provider. There is no SwiftShader here; .ci/webgpu.sh can get one.');
}
const withWebGpu = SWIFTSHADER ? test : test.skip;

const WIDTHS = [64, 256, 256, 1];
const NARROW = [64, 128, 1];
const ROWS = 8;
const X = Float32Array.from({ length: ROWS * 64 }, (_, at) => Math.cos(at * at));

withWebGpu(
  'a model runs on WebGPU, in the one process that has the device, and answers as on the CPU',
  async () => {
    const started = jest.spyOn(WorkerPool.prototype, 'start');
    const server = await startTestServer({
      ...SWIFTSHADER,
      ONNX_PROVIDERS: 'webgpu,cpu',
      ONNX_WORKERS: '2',
    });
    try {
      const registry = new RegistryClient(server);
      const wide = await registry.version('mlp', mlp(WIDTHS));
      const narrow = await registry.version('mlp', mlp(NARROW));
      await deployEndpoint(server, 'scores', [{ ref: wide, weight: 1 }]);
      const [pool] = started.mock.contexts as WorkerPool[];
      expect(pool?.status()).toMatchObject([{ provider: 'webgpu', skippedProviders: [] }]);
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [ROWS, 64], data: [...X] }];
      const expected = { [wide]: await onCpu(WIDTHS), [narrow]: await onCpu(NARROW) };
      const ask = async () => {
        const { outputs, version } = await predict(server, { endpoint: 'scores', inputs, timeoutMs: 60_000 });
        const values = expected[version.ref] ?? new Float32Array();
        expect(outputs[0]?.data).toHaveLength(ROWS);
        for (const [row, value] of values.entries())
          expect(Math.abs(Number(outputs[0]?.data[row]) - value)).toBeLessThan(1e-4);
        expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.1); // so that 1e-4 is little
        return version.ref;
      };
      expect(await ask()).toBe(wide);
      for (const next of [narrow, wide, narrow]) {
        let isOver = false;
        const swap = deployEndpoint(server, 'scores', [{ ref: next, weight: 1 }]).finally(
          () => (isOver = true),
        );
        while (!isOver) await ask(); // it goes on answering while it loads
        await swap;
        expect(await ask()).toBe(next);
      }
      expect(pool?.status()).toMatchObject([{ restarts: 0 }]);
    } finally {
      await server.stop();
    }
  },
);

async function onCpu(widths: readonly number[]): Promise<Float32Array> {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
  const pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 1 });
  try {
    await pool.start();
    const x = { name: 'x', datatype: 'FP32', shape: [ROWS, 64], data: X } as const;
    const { outputs } = await pool.run(modelFile(folder, mlp(widths)), [x], { timeoutMs: 60_000 });
    return outputs[0]?.data as Float32Array;
  } finally {
    await pool.stop({ withinMs: 2_000 });
    rmSync(folder, { recursive: true });
  }
}
